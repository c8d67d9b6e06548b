import FlotillaModels
public import FlotillaStorage
public import FlotillaTelemetry

/// What a batch handler knows besides its items, and the way to commit their effects.
public struct BatchContext: Sendable {
    let messages: [InboundMessage]
    let environment: HandlerEnvironment

    public var queue: String { environment.queue }
    public var log: Log { environment.log }

    /// Commits the effects of all items of the batch together, each exactly once.
    ///
    /// The transaction first records every item as handled; ``BatchTransaction/isFresh`` tells which had not been.
    /// - Parameter statements: run in the same round trip; their results are in ``BatchTransaction/firstResults``.
    public func transaction(
        first statements: [SQLStatement] = [],
        _ body: (BatchTransaction) async throws -> Void
    ) async throws {
        let ids = messages.map(\.messageID)
        let jobs = messages.contains { $0.job != nil } ? messages.map(\.job?.id) : []
        try await environment.effects.transaction(consumer: queue, messageIDs: ids, jobs: jobs, first: statements) {
            transaction,
            isFresh,
            results in
            let batch = BatchTransaction(transaction, isFresh: isFresh, firstResults: results) { job, item in
                let cause = item.map { messages[$0] }
                return job.new(
                    by: environment.worker,
                    cause?.job?.id,
                    cause?.correlationID,
                    cause?.original ?? Message(body: [])
                )
            }
            try await body(batch)
            transaction.outgoing += batch.events.map { event, item in
                let cause = item.map { messages[$0] }
                return event.timed(causedBy: cause?.original, cause?.correlationID, environment.topicExchange)
            }
        }
    }
}
