public import Models
import Storage
public import Telemetry

/// What a handler knows of the message besides its payload, and the door to its effects.
public struct MessageContext: Sendable {
    /// The message as its publisher made it: what the fleet added on the way is taken off again.
    public let message: Message
    /// The event's name: the property `type`, else the routing key.
    public let event: String
    public let queue: String
    /// The exchange that the message was first published to.
    public let exchange: String
    /// The routing key that the message was first published with.
    public let routingKey: String
    /// The idempotency key; one of the fleet's own when the publisher gave none.
    public let messageID: String
    public let correlationID: String?
    /// 1 for the first execution.
    public let attempt: Int
    public let maxAttempts: Int
    /// The job that this message carries out, if it is one.
    public var jobID: String? { job?.id }
    /// When this process received it, in microseconds since 1970.
    public let receivedAt: Int64
    public let log: Log

    let effects: any EffectStore
    let topicExchange: String
    let reportProgress: @Sendable (Int, String?) -> Void
    let job: JobEnd?

    /// Commits the effect of this message exactly once.
    ///
    /// The transaction first records the message as handled. Had it been recorded before, `body` does not run and
    /// the result is `nil`: return `.done` then. Whatever `body` does through the transaction, and the events it
    /// publishes, commit together with that record.
    public func transaction<Result: Sendable>(
        _ body: (EffectTransaction) async throws -> Result
    ) async throws -> Result? {
        var result: Result?
        try await effects.transaction(consumer: queue, messageIDs: [messageID], first: []) { transaction, isFresh, _ in
            guard isFresh[0] else { return }
            let effect = EffectTransaction(transaction)
            result = try await body(effect)
            transaction.outgoing += effect.events.map { $0.message(causedBy: message, correlationID, topicExchange) }
            if let job { transaction.last.append(job.succeeded) }
        }
        job?.markRecorded()
        return result
    }

    /// Reports how far the job is, from 0 to 100, to whoever watches it.
    public func progress(_ percent: Int, _ message: String? = nil) {
        reportProgress(min(max(percent, 0), 100), message)
    }
}
