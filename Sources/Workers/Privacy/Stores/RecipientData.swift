import Storage

/// Whom notifications reach. A row stays that says that this recipient is gone, so that a late event brings nothing back.
struct RecipientData: PersonalDataStore {
    let name = "recipients"
    let tables = ["recipients", "notification_preferences"]
    private let pool: PostgresPool

    init(_ pool: PostgresPool) { self.pool = pool }

    func identify(_ person: inout Person) async throws {
        let rows = try await pool.query(
            SQLStatement(
                "SELECT key, name, email, phone FROM recipients WHERE key = ANY ($1) OR lower(email) = ANY ($2)",
                [.textArray(Self.keys(of: person)), .textArray(Self.emails(of: person))]
            )
        )
        for row in rows {
            if let subject = row.text(0).flatMap(DataSubject.init(name:)) { person.add(subject) }
            person.add(row.text(1), .name)
            person.add(row.text(2), .email)
            person.add(row.text(3), .phone)
        }
    }

    func erase(_ person: Person, isRehearsal: Bool) async throws -> Int {
        let keys = Self.keys(of: person)
        let addresses = Self.emails(of: person).map { "address:\($0)" }
        let isMeant =
            "key = ANY ($1) AND (name IS NOT NULL OR email IS NOT NULL OR phone IS NOT NULL OR NOT is_deleted)"
        let preferences = "recipient = ANY ($1) OR lower(recipient) = ANY ($2)"
        if isRehearsal {
            let results = try await pool.pipeline([
                SQLStatement("SELECT count(*) FROM recipients WHERE \(isMeant)", [.textArray(keys)]),
                SQLStatement(
                    "SELECT count(*) FROM notification_preferences WHERE \(preferences)",
                    [.textArray(keys), .textArray(addresses)]
                ),
            ])
            return results.reduce(0) { $0 + Int($1.first?.int(0) ?? 0) }
        }
        let results = try await pool.pipeline([
            SQLStatement(
                """
                UPDATE recipients SET name = NULL, email = NULL, phone = NULL, language = NULL, time_zone = NULL,
                    company_id = NULL, roles = NULL, is_deleted = true WHERE \(isMeant)
                """,
                [.textArray(keys)]
            ),
            SQLStatement(
                "DELETE FROM notification_preferences WHERE \(preferences)",
                [.textArray(keys), .textArray(addresses)]
            ),
        ])
        return results.reduce(0) { $0 + $1.affected }
    }

    /// `user:<id>` and `customer:<id>`, as the table names them.
    static func keys(of person: Person) -> [String] { person.subjects.map(\.description).sorted() }

    static func emails(of person: Person) -> [String] {
        person.traces.filter { $0.value == .email }.map { $0.key.lowercased() }.sorted()
    }
}
