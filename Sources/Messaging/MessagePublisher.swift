package import Models

/// Publishes with confirms, persistent and mandatory.
package protocol MessagePublisher: Sendable {
    /// Publishes every message and answers for each, in order, once the broker has taken it or refused it.
    ///
    /// The answer is `.unconfirmed` when the connection was lost first: the broker may or may not have the message.
    /// While there is no connection, or the broker has blocked it, a call waits up to the publisher's patience
    /// (10 s unless configured) and then answers `.unconfirmed`.
    func publish(_ messages: [OutgoingMessage]) async -> [PublishResult]

    /// Waits for outstanding confirms, then closes the connection.
    func close() async
}

package enum PublishResult: Sendable, Hashable {
    /// The broker has stored it in every queue it was routed to.
    case confirmed
    /// No queue is bound for it.
    case unroutable(code: Int, reason: String)
    /// The broker refused it: a full queue, or an internal error.
    case refused
    /// It is not known whether the broker has it.
    case unconfirmed(reason: String)

    package var isConfirmed: Bool { self == .confirmed }
}
