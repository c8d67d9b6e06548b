import Storage

/// Tickets and the logs of their making. The rows stay, so that the door still knows the ticket; who it was for goes.
struct TicketData: PersonalDataStore {
    let name = "tickets"
    let tables = ["generated_tickets", "ticket_generation_logs"]
    private let pool: PostgresPool
    private let mentions: [RedactedTable]

    init(_ pool: PostgresPool) {
        self.pool = pool
        mentions = [
            RedactedTable(
                name: "tickets",
                table: "generated_tickets",
                key: ("ticket_id", "text"),
                columns: [.init("guest_name", .text), .init("guest_email", .text), .init("event_title", .text)],
                event: nil,
                whenOwn: "",
                pool: pool
            ),
            RedactedTable(
                name: "ticket logs",
                table: "ticket_generation_logs",
                key: ("job_id || ' ' || position", "text"),
                columns: [.init("error_message", .text)],
                event: nil,
                whenOwn: "",
                pool: pool
            ),
        ]
    }

    private static let isMeant = """
        (guest_id = ANY ($1) OR lower(guest_email) = ANY ($2)) AND (guest_name IS NOT NULL OR guest_email IS NOT NULL)
        """

    func identify(_ person: inout Person) async throws {
        let rows = try await pool.query(
            SQLStatement(
                "SELECT DISTINCT guest_name, guest_email FROM generated_tickets WHERE \(Self.isMeant) LIMIT 200",
                values(person)
            )
        )
        for row in rows {
            person.add(row.text(0), .name)
            person.add(row.text(1), .email)
        }
    }

    func erase(_ person: Person, isRehearsal: Bool) async throws -> Int {
        var count: Int
        if isRehearsal {
            let statement = SQLStatement("SELECT count(*) FROM generated_tickets WHERE \(Self.isMeant)", values(person))
            count = Int(try await pool.query(statement).first?.int(0) ?? 0)
        } else {
            let statement = SQLStatement(
                "UPDATE generated_tickets SET guest_name = NULL, guest_email = NULL WHERE \(Self.isMeant)",
                values(person)
            )
            count = try await pool.query(statement).affected
        }
        for table in mentions { count += try await table.erase(person, isRehearsal: isRehearsal) }
        return count
    }

    private func values(_ person: Person) -> [SQLValue] {
        [
            .textArray(person.subjects.filter { $0.kind == "guest" }.map(\.id).sorted()),
            .textArray(RecipientData.emails(of: person)),
        ]
    }
}
