package import FlotillaPersonalData
package import FlotillaStorage

/// Whom notifications reach. A row stays that says that this recipient is gone, so that a late event brings nothing back.
package struct RecipientData: PersonalDataStore {
    package let name = "recipients"
    package let tables = ["recipients", "notification_preferences"]
    package let identifiesPeople = true
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func identify(_ person: inout Person) async throws {
        let rows = try await pool.query(
            SQLStatement(
                "SELECT key, name, email, phone FROM recipients WHERE key = ANY ($1)",
                [.textArray(person.subjectNames)]
            )
        )
        for row in rows {
            if let subject = row.text(0).flatMap(DataSubject.init(name:)) { person.add(subject) }
            person.add(row.text(1), .name)
            person.add(row.text(2), .email)
            person.add(row.text(3), .phone)
        }
    }

    package func linked(to person: Person) async throws -> [String] {
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT key FROM recipients WHERE lower(email) = ANY ($2) AND key <> ALL ($1) AND NOT is_deleted
                ORDER BY key LIMIT 100
                """,
                [.textArray(person.subjectNames), .textArray(person.emails)]
            )
        )
        return rows.compactMap { $0.text(0) }
    }

    package func erase(_ person: Person, isDryRun: Bool) async throws -> ErasureCount {
        let keys = person.subjectNames
        let addresses = person.emails.map { "address:\($0)" }
        let isMeant =
            "key = ANY ($1) AND (name IS NOT NULL OR email IS NOT NULL OR phone IS NOT NULL OR NOT is_deleted)"
        let preferences = "recipient = ANY ($1) OR lower(recipient) = ANY ($2)"
        if isDryRun {
            let results = try await pool.pipeline([
                SQLStatement("SELECT count(*) FROM recipients WHERE \(isMeant)", [.textArray(keys)]),
                SQLStatement(
                    "SELECT count(*) FROM notification_preferences WHERE \(preferences)",
                    [.textArray(keys), .textArray(addresses)]
                ),
            ])
            return ErasureCount(own: results.reduce(0) { $0 + Int($1.first?.int(0) ?? 0) })
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
        return ErasureCount(own: results.reduce(0) { $0 + $1.affected })
    }
}
