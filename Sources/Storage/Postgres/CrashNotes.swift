import FlotillaModels

/// Which messages were running when a worker process died, kept where every process finds it.
///
/// The journals and Redis know it too, but either may be gone when a message turns up as a dead letter.
package enum CrashNotes {
    /// - Parameter identities: as `MessageIdentity` writes them.
    package static func insert(_ identities: [String]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO crash_notes (identity)
            SELECT id FROM unnest($1) AS id GROUP BY id ORDER BY id
            ON CONFLICT (identity) DO UPDATE SET noted_at = now()
            """,
            [.textArray(identities)]
        )
    }

    /// One row for each of the identities that ran when a process died.
    package static func find(_ identities: [String]) -> SQLStatement {
        SQLStatement("SELECT identity FROM crash_notes WHERE identity = ANY ($1)", [.textArray(identities)])
    }

    /// Deletes up to `limit` notes that are older than `age`.
    package static func prune(olderThan age: Duration, limit: Int) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM crash_notes WHERE identity = ANY (ARRAY(
                SELECT identity FROM crash_notes WHERE noted_at < now() - $1 * interval '1 second'
                ORDER BY noted_at LIMIT $2))
            """,
            [.double(age.seconds), .int(Int64(limit))]
        )
    }
}
