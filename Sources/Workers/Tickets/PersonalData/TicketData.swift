import FlotillaPersonalData
package import FlotillaStorage

/// Tickets, their files, and the logs of their making. The rows stay, so that the scanner still knows the ticket; who
/// it was for goes, and the file with it.
package struct TicketData: PersonalDataStore {
    let name = "tickets"
    let tables = ["generated_tickets", "ticket_generation_logs"]
    let identifiesPeople = true
    private let pool: PostgresPool
    private let files: (any TicketFileStore)?
    private let mentions: [RedactedTable]

    /// - Parameter files: `nil` leaves the files.
    package init(_ pool: PostgresPool, _ files: (any TicketFileStore)?) {
        self.pool = pool
        self.files = files
        mentions = [
            RedactedTable(
                name: "ticket logs",
                table: "ticket_generation_logs",
                key: ("job_id || ' ' || position", "text"),
                columns: [.init("error_message", .text)],
                event: nil,
                whenOwn: "",
                pool: pool
            )
        ]
    }

    private static let isKnown = "(guest_id = ANY ($1) OR lower(guest_email) = ANY ($2))"
    /// A ticket may have nothing but the name. Somebody else of the same name, with an id or an address, keeps theirs.
    private static let isMeant = """
        (\(isKnown) OR (lower(guest_name) = ANY ($3) AND guest_id IS NULL AND guest_email IS NULL))
        AND (guest_name IS NOT NULL OR guest_email IS NOT NULL OR file_size > 0)
        """

    func identify(_ person: inout Person) async throws {
        let rows = try await pool.query(
            SQLStatement(
                "SELECT DISTINCT guest_name, guest_email FROM generated_tickets WHERE \(Self.isKnown) LIMIT 200",
                Array(values(person).prefix(2))
            )
        )
        for row in rows {
            person.add(row.text(0), .name)
            person.add(row.text(1), .email)
        }
    }

    func erase(_ person: Person, isDryRun: Bool) async throws -> ErasureCount {
        var count = ErasureCount(own: try await eraseOwn(person, isDryRun: isDryRun))
        for table in mentions { count += try await table.erase(person, isDryRun: isDryRun) }
        return count
    }

    /// Files first: what is left of an erasure that stops in between is found again by its rows.
    private func eraseOwn(_ person: Person, isDryRun: Bool) async throws -> Int {
        let rows = try await pool.query(
            SQLStatement(
                "SELECT ticket_id, file_path FROM generated_tickets WHERE \(Self.isMeant) ORDER BY ticket_id",
                values(person)
            )
        )
        guard !isDryRun, !rows.isEmpty else { return rows.count }
        let ids = rows.compactMap { $0.text(0) }
        try await pool.transaction { transaction in
            // Who is making one of them is waited for: it would bring the name back.
            _ = try await transaction.pipeline([TicketStatements.extendIdleTimeout, TicketStatements.lock(ids)])
            if let files {
                for row in rows { try await files.remove(row.text(1) ?? "") }
            }
            _ = try await transaction.query(
                SQLStatement(
                    """
                    UPDATE generated_tickets SET guest_name = NULL, guest_email = NULL, file_size = 0,
                        missing_characters = NULL
                    WHERE ticket_id = ANY ($1)
                    """,
                    [.textArray(ids)]
                )
            )
        }
        return rows.count
    }

    private func values(_ person: Person) -> [SQLValue] {
        [
            .textArray(person.subjects.filter { $0.kind == "guest" }.map(\.id).sorted()),
            .textArray(person.emails),
            .textArray(Array(Set(person.unmistakable.keys.map { $0.lowercased() })).sorted()),
        ]
    }
}
