package import FlotillaStorage

/// Ids of handled messages, which a publisher may have made of an address. Such an id is forgotten before its time: a
/// copy of its message that comes later is handled again.
package struct InboxData: PersonalDataStore {
    package let name = "message ids"
    package let tables = ["inbox"]
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func erase(_ person: Person, isDryRun: Bool) async throws -> ErasureCount {
        let patterns = TracePatterns.texts(of: person)
        guard !patterns.isEmpty else { return ErasureCount() }
        let matcher = Redaction(person).everywhere
        let candidates = try await pool.query(
            SQLStatement(
                "SELECT consumer, message_id FROM inbox WHERE lower(message_id) LIKE ANY ($1)",
                [.textArray(patterns)]
            )
        )
        let ids = candidates.compactMap { $0.text(1) }.filter(matcher.isFound)
        if !isDryRun, !ids.isEmpty {
            _ = try await pool.query(
                SQLStatement("DELETE FROM inbox WHERE message_id = ANY ($1)", [.textArray(Array(Set(ids)))])
            )
        }
        return ErasureCount(own: ids.count)
    }
}
