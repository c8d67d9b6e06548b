import FlotillaModels
import FlotillaStorage

/// What follows from the ends of jobs that others wait for, or that are members of a batch.
struct EndedJobs: Sendable {
    private let pool: PostgresPool
    private let exchange: String

    /// - Parameter exchange: where the events of batches are published.
    init(_ pool: PostgresPool, exchange: String) {
        self.pool = pool
        self.exchange = exchange
    }

    /// Deals with up to `limit` ends, in one transaction; true when there may be more.
    func process(upTo limit: Int) async throws -> Bool {
        try await pool.transaction { transaction in
            let ends = try await transaction.query(JobDependencies.takeEnds(limit: limit))
            guard !ends.isEmpty else { return false }
            let jobs = Array(Set(ends.compactMap { $0.text(0) }))
            let batches = Array(Set(ends.compactMap { $0.text(1) })).sorted()
            var statements = batches.isEmpty ? [] : try await note(batches, in: transaction)
            let noted = try await transaction.pipeline([
                JobDependencies.noteEnds(ofJobs: jobs), JobDependencies.noteEnds(ofBatches: batches),
            ])
            let successors = Array(Set(noted.flatMap { $0.compactMap { $0.text(0) } }))
            if !successors.isEmpty {
                // Before those that are ready: one of them may have lost.
                let ready = try await transaction.pipeline([
                    JobDependencies.cancelSuccessors(successors), JobDependencies.ready(successors),
                ])[1]
                let withKey = ready.filter { $0.text(1) != nil }.compactMap { $0.text(0) }
                let others = ready.filter { $0.text(1) == nil }.compactMap { $0.text(0) }
                if !withKey.isEmpty { statements.append(JobDependencies.unblock(withKey)) }
                if !others.isEmpty { statements.append(HeldMessages.release(others)) }
            }
            try await transaction.commit(after: statements)
            return ends.count == limit
        }
    }

    /// Notes what has come to pass of the batches, each once, and gives what publishes it.
    private func note(_ ids: [String], in transaction: PostgresTransaction) async throws -> [SQLStatement] {
        let results = try await transaction.pipeline(JobBatches.note(ids) + [JobBatches.count(ids)])
        let counts = JobBatches.counts(results[3])
        let changes = zip(BatchEvent.allCases, results).flatMap { event, rows in
            rows.map { row in
                let batch = JobBatch(row, counts: counts[row.text(0) ?? ""] ?? [:])
                return event.message(of: batch, to: exchange)
            }
        }
        return changes.isEmpty ? [] : [Outbox.insert(changes)]
    }
}
