package import FlotillaStorage

/// Looks profiles up in the active generation.
package struct ProfileRecords: Sendable {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The profile with the id, if it may be found.
    package func visible(_ profileID: String) async throws -> FoundProfile? {
        try await visible([profileID]).first
    }

    /// Those of the profiles that may be found, in no order.
    package func visible(_ profileIDs: [String]) async throws -> [FoundProfile] {
        let statement = SQLStatement(
            """
            SELECT profile_id, personal, fields, event_at FROM search_records
            WHERE generation = (SELECT generation FROM search_generations WHERE state = 'active')
                AND profile_id = ANY ($1) AND standing = 'validated'
            """,
            [.textArray(profileIDs)]
        )
        return try await pool.query(statement).compactMap { row in
            guard let id = row.text(0), let personal = row.text(1), let fields = row.text(2),
                let eventAt = row.timestamp(3)
            else { return nil }
            return FoundProfile(profileID: id, relevance: nil, personal: personal, fields: fields, eventAt: eventAt)
        }
    }
}
