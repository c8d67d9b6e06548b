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
