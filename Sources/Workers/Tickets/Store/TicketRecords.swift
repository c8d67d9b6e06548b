package import FlotillaStorage

/// Reads what tickets there are.
package struct TicketRecords: Sendable {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package struct Filter: Sendable {
        package var eventID: String?
        package var jobID: String?
        package var code: String?
        /// The ticket id that ended the page before.
        package var after: String?
        /// From 1 to 500.
        package var limit: Int

        package init(
            eventID: String? = nil,
            jobID: String? = nil,
            code: String? = nil,
            after: String? = nil,
            limit: Int = 50
        ) {
            self.eventID = eventID
            self.jobID = jobID
            self.code = code
            self.after = after
            self.limit = limit
        }
    }

    package func get(_ ticketID: String) async throws(PostgresError) -> GeneratedTicket? {
        let rows = try await pool.query(
            SQLStatement(
                "SELECT \(GeneratedTicket.columns) FROM generated_tickets WHERE ticket_id = $1",
                [.text(ticketID)]
            )
        )
        return rows.first.map { GeneratedTicket($0) }
    }

    /// Tickets by their ids.
    package func list(_ filter: Filter) async throws(PostgresError) -> [GeneratedTicket] {
        var values: [SQLValue] = []
        var conditions: [String] = []
        func add(_ condition: String, _ value: String?) {
            guard let value else { return }
            values.append(.text(value))
            conditions.append(condition.replacing("?", with: "$\(values.count)"))
        }
        add("event_id = ?", filter.eventID)
        add(
            "ticket_id IN (SELECT ticket_id FROM ticket_generation_logs WHERE job_id = ? AND status = 'successful')",
            filter.jobID
        )
        add("ticket_code = ?", filter.code)
        add("ticket_id > ?", filter.after)
        values.append(.int(Int64(min(max(filter.limit, 1), 500))))
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT \(GeneratedTicket.columns) FROM generated_tickets \(condition)
                ORDER BY ticket_id LIMIT $\(values.count)
                """,
                values
            )
        )
        return rows.map { GeneratedTicket($0) }
    }

    /// Asks a job that runs to stop after the ticket that it is at.
    ///
    /// - Returns: `false` when no such job runs.
    package func stop(job id: String) async throws(PostgresError) -> Bool {
        let result = try await pool.query(
            SQLStatement(
                """
                UPDATE ticket_generation_jobs SET status = 'cancelled', finished_at = now()
                WHERE id = $1 AND status = 'running'
                """,
                [.text(id)]
            )
        )
        return result.affected == 1
    }
}
