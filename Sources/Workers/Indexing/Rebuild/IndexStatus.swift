import FlotillaModels
package import FlotillaStorage

/// How the index stands.
package struct IndexStatus: Sendable {
    package struct Rebuild: Sendable {
        package let generation: Int64
        /// Rows of the audit log.
        package let replayed: Int64
        package let total: Int64
        /// Microseconds since 1970.
        package let startedAt: Int64
        /// Whether it has not moved for so long that the next one will take its place.
        package let isAbandoned: Bool
    }

    package let generation: Int64
    /// Profiles that can be found.
    package let documents: Int64
    /// Profiles that should be found, by the records. More of them than documents are normal for the moment that the
    /// engine takes to show changes; for longer they tell that somebody has deleted its index.
    package let validated: Int64
    /// Profiles that are known from updates only.
    package let unvalidated: Int64
    /// Profiles that were rejected, and such of people who have left.
    package let tombstones: Int64
    package let deletedUsers: Int64
    /// Of the newest event, in microseconds since 1970; `nil` for an empty index.
    package let newestEventAt: Int64?
    package let rebuild: Rebuild?

    package static func read(_ pool: PostgresPool, _ store: any IndexStore) async throws -> IndexStatus {
        let answers = try await pool.pipeline([
            SQLStatement(
                """
                SELECT generation, state, replayed, to_replay, created_at,
                    progressed_at < now() - $1 * interval '1 second' FROM search_generations
                """,
                [.double(IndexRebuild.abandonedAfter.seconds)]
            ),
            SQLStatement(
                """
                SELECT count(*) FILTER (WHERE standing = 'unknown'),
                    count(*) FILTER (WHERE standing IN ('rejected', 'deleted')), max(event_at),
                    count(*) FILTER (WHERE standing = 'validated')
                FROM search_records
                WHERE generation = (SELECT generation FROM search_generations WHERE state = 'active')
                """
            ),
            SQLStatement("SELECT count(*) FROM search_deleted_users"),
        ])
        guard let active = answers[0].first(where: { $0.text(1) == "active" })?.int(0) else {
            throw IndexRebuildError(code: .noIndex, operation: "status", detail: "search_generations has no active one")
        }
        return IndexStatus(
            generation: active,
            documents: try await store.count(generation: active, pool),
            validated: answers[1].first?.int(3) ?? 0,
            unvalidated: answers[1].first?.int(0) ?? 0,
            tombstones: answers[1].first?.int(1) ?? 0,
            deletedUsers: answers[2].first?.int(0) ?? 0,
            newestEventAt: answers[1].first?.timestamp(2),
            rebuild: answers[0].lazy.compactMap(Rebuild.init).first
        )
    }
}

extension IndexStatus.Rebuild {
    fileprivate init?(_ row: SQLRow) {
        guard row.text(1) == "building", let generation = row.int(0), let startedAt = row.timestamp(4) else {
            return nil
        }
        self.init(
            generation: generation,
            replayed: row.int(2) ?? 0,
            total: row.int(3) ?? 0,
            startedAt: startedAt,
            isAbandoned: row.bool(5) ?? false
        )
    }
}
