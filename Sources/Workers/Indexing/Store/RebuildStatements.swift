import FlotillaModels
import FlotillaStorage

enum RebuildStatements {
    static let building = SQLStatement("SELECT generation FROM search_generations WHERE state = 'building'")

    static let begin = SQLStatement("SELECT search_add_generation('building'), now()")

    static func abandon(after abandonedAfter: Duration) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM search_generations
            WHERE state = 'building' AND progressed_at < now() - $1 * interval '1 second'
            """,
            [.double(abandonedAfter.seconds)]
        )
    }

    /// The generations that have tables and no row.
    static let orphans = SQLStatement(
        """
        SELECT number FROM (
            SELECT substring(relname FROM '^search_records_([0-9]+)$')::bigint AS number FROM pg_inherits
            JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = to_regclass('search_records')
        ) AS tables WHERE number IS NOT NULL AND number NOT IN (SELECT generation FROM search_generations)
        """
    )

    static func note(_ number: Int64, _ done: Int64?, of total: Int64?) -> SQLStatement {
        SQLStatement(
            """
            UPDATE search_generations SET progressed_at = now(), replayed = coalesce($2::bigint, replayed),
                to_replay = coalesce($3::bigint, to_replay) WHERE generation = $1
            """,
            [.int(number), done.map { .int($0) } ?? .null, total.map { .int($0) } ?? .null]
        )
    }

    /// Records of the active generation of which the other one has another version, or none.
    static func missing(in number: Int64, after profileID: String, changedSince time: Int64, limit: Int64)
        -> SQLStatement
    {
        SQLStatement(
            """
            SELECT here.generation, here.profile_id, here.user_ids, here.standing, here.event_at, here.personal,
                here.fields, here.versions, here.revision
            FROM search_records AS here
            LEFT JOIN search_records AS there ON there.generation = $1 AND there.profile_id = here.profile_id
            WHERE here.generation = (SELECT generation FROM search_generations WHERE state = 'active')
                AND here.profile_id > $2 AND here.updated_at >= $3
                AND (there.versions IS DISTINCT FROM here.versions OR there.standing <> here.standing)
            ORDER BY here.profile_id LIMIT $4
            """,
            [.int(number), .text(profileID), .timestamp(time), .int(limit)]
        )
    }

    /// Fresh tables have no statistics yet, and the first searches would be planned blindly.
    static func analyze(_ number: Int64) -> [SQLStatement] {
        ["search_records", "search_profiles"].map { SQLStatement("ANALYZE \($0)_\(number)") }
    }

    /// The first returns which generation was active before.
    static func activate(_ number: Int64) -> [SQLStatement] {
        [
            SQLStatement("DELETE FROM search_generations WHERE state = 'active' RETURNING generation"),
            SQLStatement(
                "UPDATE search_generations SET state = 'active', activated_at = now() WHERE generation = $1",
                [.int(number)]
            ),
        ]
    }

    /// Waits for searches that still read it, but not for long.
    static func drop(_ number: Int64) -> [SQLStatement] {
        [
            SQLStatement("SELECT set_config('lock_timeout', '10s', true)"),
            SQLStatement("SELECT search_drop_generation($1::bigint::integer)", [.int(number)]),
        ]
    }
}
