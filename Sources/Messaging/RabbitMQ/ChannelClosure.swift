/// Why the broker closed a channel, and the method that caused it.
struct ChannelClosure {
    let code: Int
    let reason: String
    let method: UInt32

    func error(_ operation: String) -> AMQPError {
        AMQPError(code: .broker(replyCode: code), operation: operation, detail: reason)
    }
}
