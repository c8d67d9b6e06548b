package import FlotillaModels
import FlotillaPlatform

/// The durable record of jobs.
package struct Jobs: Sendable {
    private let pool: PostgresPool
    private let exchange: String

    /// - Parameter exchange: the direct exchange, which routes a job by its type.
    package init(_ pool: PostgresPool, exchange: String = "fleet.direct") {
        self.pool = pool
        self.exchange = exchange
    }

    /// Stores the job and its message in one transaction; once it returns, the job is accepted.
    package func enqueue(_ job: NewJob) async throws(PostgresError) -> EnqueueOutcome {
        let outcomes = try await enqueue([job])
        return outcomes[0]
    }

    /// Stores many jobs in one transaction; answers for each, in order.
    package func enqueue(_ jobs: [NewJob]) async throws(PostgresError) -> [EnqueueOutcome] {
        guard !jobs.isEmpty else { return [] }
        let entries = jobs.map { JobEntry($0, id: UUIDv7.make(), now: WallClock.microseconds()) }
        if jobs.allSatisfy({ $0.idempotencyKey == nil }) {
            _ = try await pool.pipeline([JobEntry.insert(entries), outbox(entries)])
            return entries.map { .created($0.job) }
        }
        do {
            return try await pool.transaction { transaction in
                let inserted = Set(try await transaction.query(JobEntry.insert(entries)).compactMap { $0.text(0) })
                let fresh = entries.filter { inserted.contains($0.id) }
                let keys = entries.filter { !inserted.contains($0.id) }.compactMap(\.new.idempotencyKey)
                let statements = (fresh.isEmpty ? [] : [outbox(fresh)]) + (keys.isEmpty ? [] : [Self.holders(of: keys)])
                let results = try await transaction.commit(after: statements)
                let holders = keys.isEmpty ? [] : results.last.map { $0.map(JobHolder.init) } ?? []
                return try entries.map { entry in
                    if inserted.contains(entry.id) { return .created(entry.job) }
                    guard let holder = holders.first(where: { $0.key == entry.key })
                    else { throw PostgresError.violation("enqueue", "a job disappeared while it was being found") }
                    return holder.requestHash == entry.requestHash
                        ? .existing(holder.job) : .conflict(jobID: holder.job.id)
                }
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw .violation("enqueue", "\(error)")
        }
    }

    package func get(_ id: String) async throws(PostgresError) -> Job? {
        let rows = try await pool.query(
            SQLStatement("SELECT \(Job.columns) FROM jobs WHERE id = $1", [.text(id.storable)])
        )
        return rows.first.map { Job($0) }
    }

    /// Jobs, the newest first.
    ///
    /// - Parameters:
    ///   - text: part of the id, type, correlation id or error message; upper and lower case are alike.
    ///   - cursor: the id of the last job of the page before.
    ///   - limit: from 1 to 500.
    package func list(
        state: JobState? = nil,
        type: String? = nil,
        text: String? = nil,
        after cursor: String? = nil,
        limit: Int = 50
    ) async throws(PostgresError) -> [Job] {
        var values: [SQLValue] = []
        var conditions: [String] = []
        func add(_ condition: String, _ value: String) {
            values.append(.text(value.storable))
            conditions.append(condition.replacing("?", with: "$\(values.count)"))
        }
        if let state { add("state = ?", state.rawValue) }
        if let type { add("type = ?", type) }
        if let cursor { add("id < ?", cursor) }
        if let text {
            add(
                "(id ILIKE ? OR type ILIKE ? OR correlation_id ILIKE ? OR error_message ILIKE ?)",
                "%\(text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_"))%"
            )
        }
        values.append(.int(Int64(min(max(limit, 1), 500))))
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let rows = try await pool.query(
            SQLStatement("SELECT \(Job.columns) FROM jobs \(filter) ORDER BY id DESC LIMIT $\(values.count)", values)
        )
        return rows.map { Job($0) }
    }

    /// Cancels a job whose effect is not committed, and takes back its message if it is not yet published; `false` when
    /// the job has ended, its effect is committed, or it is unknown.
    ///
    /// After `true` its effect is never committed: the effect's transaction asks for the job's state, see
    /// ``claimEffects(of:)``. A handler that runs is not interrupted, and what it does outside that transaction is done.
    package func cancel(_ id: String) async throws(PostgresError) -> Bool {
        let results = try await pool.pipeline([
            SQLStatement(
                """
                UPDATE jobs SET state = 'cancelled', finished_at = now()
                WHERE id = $1 AND \(Self.isOpen) AND effect_at IS NULL
                """,
                [.text(id.storable)]
            ),
            SQLStatement(
                // Not waiting for a relay that is publishing the message: it may be waiting for the job's row.
                """
                DELETE FROM outbox WHERE id = ANY (ARRAY(
                    SELECT id FROM outbox WHERE job_id = $1
                        AND EXISTS (SELECT FROM jobs WHERE id = $1 AND state = 'cancelled')
                    FOR UPDATE SKIP LOCKED))
                """,
                [.text(id.storable)]
            ),
        ])
        return results[0].affected == 1
    }

    private func outbox(_ entries: [JobEntry]) -> SQLStatement {
        Outbox.insert(
            entries.map { $0.message(exchange: exchange) },
            notBefore: entries.map(\.new.scheduledAt)
        )
    }

    private static func holders(of keys: [String]) -> SQLStatement {
        SQLStatement(
            "SELECT \(Job.columns), idempotency_key, request_hash FROM jobs WHERE idempotency_key = ANY ($1)",
            [.textArray(keys.map(\.storable))]
        )
    }
}

/// The job that an idempotency key belongs to.
private struct JobHolder {
    let job: Job
    let key: ExactText
    let requestHash: [UInt8]

    init(_ row: SQLRow) {
        job = Job(row)
        key = ExactText(row.text(Job.columnCount) ?? "")
        requestHash = row.bytes(Job.columnCount + 1) ?? []
    }
}
