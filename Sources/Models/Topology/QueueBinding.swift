/// What brings messages from an exchange into a queue.
public struct QueueBinding: Sendable, Hashable {
    /// The exchange's name on the broker.
    public var exchange: String
    /// The pattern on a topic exchange, the exact key on a direct one, empty on a fanout.
    public var key: String

    public init(exchange: String, key: String) {
        self.exchange = exchange
        self.key = key
    }
}
