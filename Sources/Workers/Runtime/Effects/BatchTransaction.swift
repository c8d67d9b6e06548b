public import FlotillaStorage

/// The transaction of a batch: as ``EffectTransaction``, for many messages at once.
public final class BatchTransaction {
    private let transaction: any EffectStoreTransaction
    private let enqueue: (OutgoingJob, _ item: Int?) -> NewJob
    private(set) var events: [(event: OutgoingEvent, item: Int?)] = []

    /// For each item, in order, whether it has not been handled before and its job, if it has one, not been cancelled.
    /// Effects belong to fresh items only.
    public let isFresh: [Bool]

    /// What the statements given to ``BatchContext/transaction(first:_:)`` returned.
    public let firstResults: [SQLResult]

    init(
        _ transaction: any EffectStoreTransaction,
        isFresh: [Bool],
        firstResults: [SQLResult],
        enqueue: @escaping (OutgoingJob, _ item: Int?) -> NewJob
    ) {
        self.enqueue = enqueue
        self.transaction = transaction
        self.isFresh = isFresh
        self.firstResults = firstResults
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

    /// Runs the last statements in the same round trip as the commit, which follows when the closure returns.
    public func finish(with statements: [SQLStatement]) { transaction.last += statements }

    /// Enqueues the job if, and only if, the transaction commits, as ``EffectTransaction/enqueue(_:)``.
    ///
    /// - Parameter item: the item that caused it, whose correlation id and trace it takes over.
    @discardableResult
    public func enqueue(_ job: OutgoingJob, causedBy item: Int? = nil) async throws -> EnqueuedJob {
        try EnqueuedJob(try await transaction.enqueue(enqueue(job, item)))
    }

    /// Publishes the event if, and only if, the transaction commits.
    ///
    /// - Parameter item: the item that caused it, whose correlation id and trace it takes over.
    public func publish(_ event: OutgoingEvent, causedBy item: Int? = nil) { events.append((event, item)) }
}
