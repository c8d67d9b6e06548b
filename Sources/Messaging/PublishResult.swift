package enum PublishResult: Sendable, Hashable {
    /// The broker has stored it in every queue it was routed to.
    case confirmed
    /// No queue is bound for it.
    case unroutable(code: Int, reason: String)
    /// It can't be stored for now: a full queue, or an internal error of the broker.
    case refused(reason: String)
    /// AMQP can't carry it, now or ever: headers larger than a frame, a name or a property that is too long.
    case uncarriable(reason: String)
    /// It is not known whether the broker has it.
    case unconfirmed(reason: String)

    package var isConfirmed: Bool { self == .confirmed }
}

extension PublishResult: CustomStringConvertible {
    package var description: String {
        switch self {
        case .confirmed: "stored"
        case .unroutable(_, let reason): "no queue is bound for it (\(reason))"
        case .refused(let reason): "refused: \(reason)"
        case .uncarriable(let reason): "AMQP can't carry it: \(reason)"
        case .unconfirmed(let reason): reason
        }
    }
}
