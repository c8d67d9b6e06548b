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
