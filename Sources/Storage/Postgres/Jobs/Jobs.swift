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
        let entries = jobs.map { JobEntry($0, id: UUIDv7.make(), now: WallClock.microseconds()) }
        if jobs.allSatisfy({ $0.idempotencyKey == nil }) {
            _ = try await pool.pipeline([JobEntry.insert(entries), outbox(entries)])
            return entries.map { .created($0.job) }
        }
        do {
            return try await pool.transaction { transaction in
                try await self.enqueue(entries, in: transaction)
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw .violation("enqueue", "\(error)")
        }
    }

    /// Those without a key, and those whose keys are new, are stored.
    private func enqueue(
        _ entries: [JobEntry],
        in transaction: PostgresTransaction
    ) async throws -> [EnqueueOutcome] {
        let claims = entries.compactMap { entry in
            entry.new.idempotencyKey.map { IdempotencyKeys.Claim(key: $0, resource: entry.id) }
        }
        let results = try await transaction.pipeline([IdempotencyKeys.limit, IdempotencyKeys.claim(claims)])
        let claimed = Set(results[1].compactMap { $0.text(0) })
        let fresh = entries.filter { $0.new.idempotencyKey == nil || claimed.contains($0.id) }
        let known = claims.filter { !claimed.contains($0.resource) }.map(\.key)
        let statements =
            (fresh.isEmpty ? [] : [JobEntry.insert(fresh), outbox(fresh)])
            + (known.isEmpty ? [] : [Self.holders(of: known)])
        let answers = try await transaction.commit(after: statements)
        let holders = known.isEmpty ? [] : answers.last.map { $0.map(JobHolder.init) } ?? []
        let isFresh = Set(fresh.map(\.id))
        return try entries.map { entry in
            if isFresh.contains(entry.id) { return .created(entry.job) }
            guard let key = entry.new.idempotencyKey, let holder = holders.first(where: { $0.holds(key) })
            else { throw PostgresError.violation("enqueue", "an idempotency key disappeared while it was being found") }
            guard let job = holder.job, holder.fingerprint == nil || holder.fingerprint == key.fingerprint
            else { return .conflict(resource: holder.resource) }
            return .existing(job)
        }
    }

    package func get(_ id: String) async throws(PostgresError) -> Job? {
        let rows = try await pool.query(
            SQLStatement("SELECT \(Job.columns) FROM jobs WHERE id = $1", [.text(id.storable)])
        )
        return rows.first.map { Job($0) }
    }

    /// Jobs, the newest first, without payloads and results.
    ///
    /// - Parameters:
    ///   - text: part of the id, type, correlation id or error message; upper and lower case are alike.
    ///   - searchesErrors: false looks for the text in ids and types alone.
    ///   - cursor: the id of the last job of the page before.
    ///   - limit: from 1 to 500.
    package func list(
        state: JobState? = nil,
        type: String? = nil,
        text: String? = nil,
        searchesErrors: Bool = true,
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
        if let text, text.hasFormOfJobID {
            // Found by the indexes: no part of it is looked for.
            add("(id = lower(?) OR correlation_id IN (?, lower(?)))", text)
        } else if let text {
            add(
                "(id ILIKE ? OR type ILIKE ? OR correlation_id ILIKE ?\(searchesErrors ? " OR error_message ILIKE ?" : ""))",
                "%\(text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_"))%"
            )
        }
        values.append(.int(Int64(min(max(limit, 1), 500))))
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let rows = try await pool.query(
            SQLStatement(
                "SELECT \(Job.listColumns) FROM jobs \(filter) ORDER BY id DESC LIMIT $\(values.count)",
                values
            )
        )
        return rows.map { Job($0) }
    }

    /// Cancels a job whose effect is not committed, and takes back its message if it is not yet published; `false` when
    /// the job has ended, its effect is committed, or it is unknown.
    ///
    /// After `true` its effect is never committed: the effect's transaction asks for the job's state, see
    /// ``claimEffects(of:)``. A handler that runs is not interrupted, and what it does outside that transaction is done.
    ///
    /// - Parameter record: executed in the same transaction, if the job is cancelled.
    package func cancel(_ id: String, record: [SQLStatement] = []) async throws -> Bool {
        try await pool.transaction { transaction in
            let result = try await transaction.query(
                SQLStatement(
                    """
                    UPDATE jobs SET state = 'cancelled', finished_at = now()
                    WHERE id = $1 AND \(Self.isOpen) AND effect_at IS NULL
                    """,
                    [.text(id.storable)]
                )
            )
            guard result.affected == 1 else { return false }
            // Not waiting for a relay that is publishing the message: it may be waiting for the job's row.
            let message = SQLStatement(
                """
                DELETE FROM outbox WHERE id = ANY (ARRAY(
                    SELECT id FROM outbox WHERE job_id = $1 FOR UPDATE SKIP LOCKED))
                """,
                [.text(id.storable)]
            )
            try await transaction.commit(after: [message] + record)
            return true
        }
    }

    private func outbox(_ entries: [JobEntry]) -> SQLStatement {
        Outbox.insert(
            entries.map { $0.message(routing) },
            notBefore: entries.map(\.new.scheduledAt)
        )
    }

    private static func holders(of keys: [IdempotencyKey]) -> SQLStatement {
        SQLStatement(
            """
            SELECT \(Job.columns), held.caller, held.idempotency_key, held.fingerprint, held.resource
            FROM unnest($1, $2) AS wanted (caller, idempotency_key)
            JOIN idempotency_keys AS held USING (caller, idempotency_key)
            LEFT JOIN jobs ON jobs.id = held.resource
            """,
            [.textArray(keys.map(\.caller.storable)), .textArray(keys.map(\.text.storable))]
        )
    }
}

/// What an idempotency key belongs to.
private struct JobHolder {
    /// `nil` when it is no job.
    let job: Job?
    let caller: ExactText
    let key: ExactText
    /// `nil` of a key from before they were kept.
    let fingerprint: [UInt8]?
    let resource: String

    init(_ row: SQLRow) {
        job = row.text(0).map { _ in Job(row) }
        caller = ExactText(row.text(Job.columnCount) ?? "")
        key = ExactText(row.text(Job.columnCount + 1) ?? "")
        fingerprint = row.bytes(Job.columnCount + 2)
        resource = row.text(Job.columnCount + 3) ?? ""
    }

    func holds(_ other: IdempotencyKey) -> Bool {
        caller == ExactText(other.caller.storable) && key == ExactText(other.text.storable)
    }
}

extension String {
    /// Whether it is a UUID as a whole.
    fileprivate var hasFormOfJobID: Bool {
        let groups = utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.joined().allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
                default: false
                }
            }
    }
}
