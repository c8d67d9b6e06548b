import FlotillaModels

/// What the broker sent, taken off the wire and complete: a message with its content, or a method without.
enum BrokerEvent {
    case delivery(DeliveryHead, Message)
    case returned(ReturnHead, Message)
    case acknowledged(tag: UInt64, multiple: Bool)
    case refused(tag: UInt64, multiple: Bool)
    case consumerCancelled(tag: String)
    case reply(MethodReply, channel: UInt16)
    case channelClosed(ChannelClosure, channel: UInt16)
    case connectionClosed(code: Int, reason: String)
    case blocked(reason: String)
    case unblocked
    /// A part of something: ask again.
    case incomplete
}

/// The answers to methods that were sent without waiting; a channel gives them in the order of the requests.
enum MethodReply {
    case channelOpened
    case prefetchSet
    case consuming(tag: String)
    case cancelled(tag: String)
    case queueExists
}

struct DeliveryHead {
    let tag: UInt64
    let isRedelivered: Bool
    let exchange: String
    let routingKey: String
    let consumerTag: String
}

extension DeliveryHead {
    /// What was asked for, and so has no consumer.
    init(exchange: String, routingKey: String) {
        self.init(tag: 0, isRedelivered: false, exchange: exchange, routingKey: routingKey, consumerTag: "")
    }
}

struct ReturnHead {
    let code: Int
    let reason: String
    let exchange: String
    let routingKey: String
}

/// Why the broker closed a channel, and the method that caused it.
struct ChannelClosure {
    let code: Int
    let reason: String
    let method: UInt32

    func error(_ operation: String) -> AMQPError {
        AMQPError(code: .broker(replyCode: code), operation: operation, detail: reason)
    }
}
