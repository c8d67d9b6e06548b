package import FlotillaStorage

/// Ids of handled messages, which a publisher may have made of an address. Such an id is forgotten before its time: a
/// copy of its message that comes later is handled again.
package struct InboxData: PersonalDataStore {
    package let name = "message ids"
    package let tables = ["inbox"]
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func erase(_ person: Person, isDryRun: Bool) async throws -> Int {
        let texts = person.unmistakable
        guard !texts.isEmpty else { return 0 }
        let condition = "EXISTS (SELECT FROM unnest($1) AS needle WHERE position(needle IN message_id) > 0)"
        let values: [SQLValue] = [.textArray(texts)]
        if isDryRun {
            let result = try await pool.query(SQLStatement("SELECT count(*) FROM inbox WHERE \(condition)", values))
            return Int(result.first?.int(0) ?? 0)
        }
        return try await pool.query(SQLStatement("DELETE FROM inbox WHERE \(condition)", values)).affected
    }
}
