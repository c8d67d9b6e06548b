import FlotillaModels
import FlotillaStorage

/// Cancels the jobs of a batch, in steps.
struct BatchCancellation: Sendable {
    private static let step = 500

    private let pool: PostgresPool

    init(_ pool: PostgresPool) { self.pool = pool }

    /// Closes the batch and cancels its jobs that have had no effect yet.
    ///
    /// - Parameters:
    ///   - reason: kept with each job.
    ///   - record: executed with the first step.
    ///   - progress: told after each step how many are cancelled so far.
    /// - Returns: how many were cancelled, those that are asked to end counted with them.
    func cancel(
        _ id: String,
        because reason: String?,
        record: [SQLStatement] = [],
        progress: (Int) -> Void = { _ in }
    ) async throws -> Int {
        _ = try await JobBatches(pool).close(id)
        var cancelled = 0
        var cursor = ""
        var record = record
        while true {
            let (found, count, last) = try await pool.transaction { transaction in
                let members = try await transaction.query(
                    JobBatches.openMembers(of: id, after: cursor, limit: Self.step)
                )
                .compactMap { $0.text(0) }
                let changed = try await transaction.query(
                    Jobs.cancel(members, because: reason, within: Jobs.cancelLimit)
                )
                let ids = changed.compactMap { $0.text(0) }
                try await transaction.commit(after: [Outbox.takeBack(jobs: ids)] + record)
                return (members.count, ids.count, members.last)
            }
            record = []
            cancelled += count
            progress(cancelled)
            guard found == Self.step, let last else { return cancelled }
            cursor = last
        }
    }
}
