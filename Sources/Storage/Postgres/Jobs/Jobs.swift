package import FlotillaModels
import FlotillaPlatform

/// The durable record of jobs.
package struct Jobs: Sendable {
    let pool: PostgresPool
    let routing: JobRouting

    package init(_ pool: PostgresPool, routing: JobRouting = JobRouting()) {
        self.pool = pool
        self.routing = routing
    }

    /// Stores the job and its message in one transaction; once it returns, the job is accepted.
    package func enqueue(_ job: NewJob) async throws(PostgresError) -> EnqueueOutcome {
        let outcomes = try await enqueue([job])
        return outcomes[0]
    }

    /// Stores many jobs in one transaction; answers for each, in order.
    package func enqueue(_ jobs: [NewJob]) async throws(PostgresError) -> [EnqueueOutcome] {
        guard !jobs.isEmpty else { return [] }
        if jobs.allSatisfy({ $0.isPlain && routing.fields[$0.type] == nil }) {
            let entries = jobs.map { JobEntry($0, id: UUIDv7.make(), now: WallClock.microseconds()) }
            let messages = Outbox.insert(
                entries.map { $0.message(routing) },
                notBefore: entries.map(\.new.scheduledAt)
            )
            _ = try await pool.pipeline([JobEntry.insert(entries), messages])
            return entries.map { .created($0.job) }
        }
        do {
            return try await pool.transaction { transaction in
                let plan = try await enqueue(jobs, in: transaction)
                try await transaction.commit(after: plan.last)
                return plan.outcomes
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw .violation("enqueue", "\(error)")
        }
    }

    /// Stores jobs in a transaction that the caller commits, after the plan's last statements.
    package func enqueue(_ jobs: [NewJob], in transaction: PostgresTransaction) async throws -> JobInsertion.Plan {
        try await JobInsertion.plan(jobs, routing: routing) { try await transaction.pipeline($0) }
    }

    /// The job that holds the unique key without which this one can't be queued again; `nil` when none does.
    package func uniqueConflict(of id: String) async throws(PostgresError) -> String? {
        try await pool.query(Self.uniqueConflict(of: id)).first?.text(0)
    }

    package func get(_ id: String) async throws(PostgresError) -> Job? {
        let rows = try await pool.query(
            SQLStatement("SELECT \(Job.columns) FROM jobs WHERE id = $1", [.text(id.storable)])
        )
        return rows.first.map { Job($0) }
    }
}
