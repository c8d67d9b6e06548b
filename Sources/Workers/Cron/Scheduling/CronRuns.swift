package import FlotillaModels
package import FlotillaStorage

/// Runs that somebody asks for, beside those of the schedule. A paused entry runs as well.
package struct CronRuns: Sendable {
    /// What a backfill has enqueued.
    package struct Backfill: Sendable, Hashable {
        /// The jobs, in the order of their nominal times.
        package var jobs: [String] = []
        /// Nominal times that had their job before.
        package var existing = 0
    }

    /// Runs of one backfill.
    package static let mostRuns = 1_000

    private let pool: PostgresPool
    private let jobs: Jobs

    /// - Parameter routing: where messages of jobs go.
    package init(_ pool: PostgresPool, routing: JobRouting) {
        self.pool = pool
        jobs = Jobs(pool, routing: routing)
    }

    /// Has an entry run now; the nominal time is this moment.
    ///
    /// - Parameters:
    ///   - actor: who asks.
    ///   - overlap: in place of the entry's rule.
    ///   - record: executed in the same transaction, if there is a run.
    /// - Returns: the id of the job.
    /// - Throws: ``CronError`` when there is no such entry, or its rule skips a run while another is unfinished.
    package func trigger(
        _ name: String,
        by actor: String,
        at now: Int64,
        overlap: CronOverlap? = nil,
        record: [SQLStatement] = []
    ) async throws -> String {
        try await pool.transaction { transaction in
            let entry = try await lock(name, in: transaction)
            var dispatch = try await CronDispatch(entry, jobs, in: transaction, at: now, createdBy: actor)
            let unfinished = dispatch.unfinished
            try await dispatch.run(at: now, overlap ?? entry.overlap)
            guard let run = dispatch.runs.first else {
                throw CronError(
                    .unfinished,
                    "the entry \(name) runs already, as the job \(unfinished.first ?? ""), and is not to overlap"
                )
            }
            let ran = CronStatements.ran(name, run.nominal, job: run.job)
            try await transaction.commit(after: dispatch.last + [ran] + record)
            return run.job
        }
    }

    /// Enqueues the runs that an entry's schedule has between two moments, both included, but for those that have their job.
    ///
    /// They run one after the other, and after what is unfinished, unless the entry's rule is to run side by side.
    ///
    /// - Parameters:
    ///   - limit: how many at most.
    /// - Throws: ``CronError`` when there is no such entry, or there would be more; nothing is enqueued then.
    package func backfill(
        _ name: String,
        from start: Int64,
        to end: Int64,
        by actor: String,
        at now: Int64,
        limit: Int = 100,
        record: [SQLStatement] = []
    ) async throws -> Backfill {
        try await pool.transaction { transaction in
            let entry = try await lock(name, in: transaction)
            let nominals = try Self.nominals(of: entry, from: start, to: min(end, now), limit: limit)
            var dispatch = try await CronDispatch(entry, jobs, in: transaction, at: now, createdBy: actor)
            for nominal in nominals {
                if entry.overlap == .allow {
                    try await dispatch.run(at: nominal, .allow)
                } else {
                    try await dispatch.runInLine(at: nominal)
                }
            }
            let ran = dispatch.runs.last.map { [CronStatements.ran(name, $0.nominal, job: $0.job)] } ?? []
            try await transaction.commit(after: dispatch.last + ran + record)
            return Backfill(jobs: dispatch.runs.map(\.job), existing: dispatch.existing)
        }
    }

    private func lock(_ name: String, in transaction: PostgresTransaction) async throws -> CronEntry {
        guard let row = try await transaction.query(CronStatements.lock(name)).first else {
            throw CronError.unknown(name)
        }
        return try CronRecord(row).entry()
    }

    /// The nominal times from one moment to another.
    static func nominals(of entry: CronEntry, from start: Int64, to end: Int64, limit: Int) throws(CronError) -> [Int64]
    {
        var found: [Int64] = []
        var last = start - 1
        while let next = entry.schedule.next(after: last, in: entry.zone), next <= end {
            guard found.count < limit else {
                throw CronError(
                    .tooMany,
                    "the entry \(entry.name) has more than \(limit) runs in that time: ask for less, or raise the limit"
                )
            }
            found.append(next)
            last = next
        }
        return found
    }
}
