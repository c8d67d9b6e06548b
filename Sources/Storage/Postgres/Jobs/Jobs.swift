package import FlotillaModels
import FlotillaPlatform

/// The durable record of jobs.
package struct Jobs: Sendable {
    let pool: PostgresPool
    let exchange: String

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
        if jobs.allSatisfy(\.isPlain) {
            let entries = jobs.map { JobEntry($0, id: UUIDv7.make(), now: WallClock.microseconds()) }
            let messages = Outbox.insert(
                entries.map { $0.message(exchange: exchange) },
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
        try await JobInsertion.plan(jobs, exchange: exchange) { try await transaction.pipeline($0) }
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
