public import FlotillaStorage

/// The transaction in which a handler's effect, its inbox row and its outgoing events commit together.
///
/// It lives as long as the closure that it is lent to; using it afterwards throws.
public final class EffectTransaction {
    private let transaction: any EffectStoreTransaction
    private let enqueue: (OutgoingJob) -> NewJob
    private(set) var events: [OutgoingEvent] = []

    init(_ transaction: any EffectStoreTransaction, enqueue: @escaping (OutgoingJob) -> NewJob) {
        self.transaction = transaction
        self.enqueue = enqueue
    }

    /// Runs one statement.
    @discardableResult
    public func execute(_ statement: SQLStatement) async throws -> SQLResult {
        try await transaction.execute([statement])[0]
    }

    /// Runs several statements in one round trip.
    @discardableResult
    public func execute(_ statements: [SQLStatement]) async throws -> [SQLResult] {
        try await transaction.execute(statements)
    }

    /// Enqueues the job if, and only if, the transaction commits.
    ///
    /// - Throws: `JobRefused` when another job holds its unique key, or its batch or a predecessor is not there; the transaction
    ///   may go on.
    @discardableResult
    public func enqueue(_ job: OutgoingJob) async throws -> EnqueuedJob {
        try EnqueuedJob(try await transaction.enqueue(enqueue(job)))
    }

    /// Publishes the event if, and only if, the transaction commits.
    public func publish(_ event: OutgoingEvent) { events.append(event) }
}
