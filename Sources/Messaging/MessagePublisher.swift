package import FlotillaModels

/// Publishes with confirms, persistent and mandatory.
package protocol MessagePublisher: Sendable {
    /// Publishes every message and answers for each, in order, once the broker has taken it or refused it.
    ///
    /// The answer is `.unconfirmed` when the connection was lost first: the broker may or may not have the message.
    /// While there is no connection, or the broker has blocked it, a call waits up to the publisher's timeout
    /// (10 s unless configured) and then answers `.unconfirmed`.
    func publish(_ messages: [OutgoingMessage]) async -> [PublishResult]

    /// Whether a publish would go out now; for health checks, and to answer "try later" before accepting work.
    var condition: PublisherCondition { get }

    /// Waits for outstanding confirms, then closes the connection.
    func close() async
}

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

package enum PublisherCondition: Sendable, Hashable {
    case connected
    /// The broker takes no messages for now: it is short of memory or disk.
    case blocked(reason: String)
    case disconnected(reason: String)
}
