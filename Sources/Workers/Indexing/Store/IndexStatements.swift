import FlotillaStorage

enum IndexStatements {
    /// Any number, but always this one. Batches of profiles hold it together; what changes the set of deleted users or
    /// of generations holds it alone, so that no batch decides by what has just changed.
    private static let lock = "8027136211"

    static let lockShared = SQLStatement("SELECT pg_advisory_xact_lock_shared(\(lock)), \(byIndexOnly)")
    static let lockAlone = SQLStatement("SELECT pg_advisory_xact_lock(\(lock)), \(byIndexOnly)")

    /// No statement of the transaction reads a whole table: plans are kept, and one that was made for a table of a few
    /// rows would read all of it again and again while it fills.
    private static let byIndexOnly = "set_config('enable_seqscan', 'off', true)"

    static let nothing = SQLStatement("SELECT 1")

    /// Locks profiles until the commit, whether there are records of them or not, in one order.
    static func lock(_ profileIDs: [String]) -> SQLStatement {
        SQLStatement(
            """
            SELECT count(pg_advisory_xact_lock(key)) FROM (
                SELECT DISTINCT hashtextextended('search ' || id, 0) AS key FROM unnest($1) AS id ORDER BY key
            ) AS keys
            """,
            [.textArray(profileIDs)]
        )
    }

    /// The generations that are written, the active one among them.
    static let generations = SQLStatement("SELECT generation, state FROM search_generations ORDER BY generation")

    /// Greater with each call, and never given twice.
    static let nextVersion = SQLStatement("SELECT nextval('search_versions')")

    static func deletedUsers(among ids: [String]) -> SQLStatement {
        SQLStatement("SELECT user_id FROM search_deleted_users WHERE user_id = ANY ($1)", [.textArray(ids)])
    }

    private static let columns = """
        generation, profile_id, user_ids, standing, event_at, personal, fields, versions, revision
        """

    /// Locks the records in one order, so that no two batches wait for each other.
    ///
    /// Each is looked up by its whole key. A list of ids without their generation would have the index searched from end
    /// to end for each of them.
    static func records(of profileIDs: [String]) -> SQLStatement {
        SQLStatement(
            """
            SELECT record.* FROM (
                SELECT generation, id FROM search_generations, unnest($1) AS id ORDER BY generation, id
            ) AS wanted, LATERAL (
                SELECT \(columns) FROM search_records
                WHERE generation = wanted.generation AND profile_id = wanted.id LIMIT 1 FOR UPDATE
            ) AS record
            """,
            [.textArray(profileIDs)]
        )
    }

    /// A record, the generation that it is in, and the revision that it was read with: 0 for a new one.
    typealias Write = (generation: Int64, record: StoredRecord, revision: Int64)

    static func save(_ writes: [Write]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO search_records AS present (\(columns))
            SELECT generation, profile_id, user_ids::text[], standing, event_at, personal, fields, versions, revision + 1
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS changed (\(columns))
            ORDER BY generation, profile_id
            ON CONFLICT (generation, profile_id) DO UPDATE SET
                user_ids = excluded.user_ids, standing = excluded.standing, event_at = excluded.event_at,
                personal = excluded.personal, fields = excluded.fields, versions = excluded.versions,
                revision = CASE WHEN present.revision = excluded.revision - 1
                    THEN excluded.revision ELSE search_lost_race() END,
                updated_at = now()
            """,
            [
                .intArray(writes.map(\.generation)), .textArray(writes.map(\.record.profileID)),
                .textArray(writes.map { ArrayLiteral.text($0.record.userIDs) }),
                .textArray(writes.map(\.record.standing)), .timestampArray(writes.map(\.record.eventAt)),
                .textArray(writes.map(\.record.personal)), .textArray(writes.map(\.record.fields)),
                .textArray(writes.map(\.record.versions)), .intArray(writes.map(\.revision)),
            ]
        )
    }

    static func index(_ documents: [(generation: Int64, document: SearchDocument)]) -> SQLStatement {
        let columns = """
            generation, profile_id, language, title, keywords, context, body, skills, sector, experience_years, score,
            event_at
            """
        return SQLStatement(
            """
            INSERT INTO search_profiles (\(columns))
            SELECT generation, profile_id, language, title, keywords, context, body, skills::text[], sector,
                experience_years::double precision, score::double precision, event_at
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS changed (\(columns))
            ORDER BY generation, profile_id
            ON CONFLICT (generation, profile_id) DO UPDATE SET
                language = excluded.language, title = excluded.title, keywords = excluded.keywords,
                context = excluded.context, body = excluded.body, skills = excluded.skills, sector = excluded.sector,
                experience_years = excluded.experience_years, score = excluded.score, event_at = excluded.event_at
            """,
            [
                .intArray(documents.map(\.generation)), .textArray(documents.map(\.document.profileID)),
                .textArray(documents.map(\.document.language)), .textArray(documents.map(\.document.title)),
                .textArray(documents.map(\.document.keywords)), .textArray(documents.map(\.document.context)),
                .textArray(documents.map(\.document.body)),
                .textArray(documents.map { ArrayLiteral.text($0.document.skills) }),
                .textArray(documents.map(\.document.sector)),
                .textArray(documents.map { $0.document.experienceYears.map { "\($0)" } }),
                .textArray(documents.map { $0.document.score.map { "\($0)" } }),
                .timestampArray(documents.map(\.document.eventAt)),
            ]
        )
    }

    static func withdraw(_ places: [(generation: Int64, profileID: String)]) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM search_profiles USING unnest($1, $2) AS gone (generation, profile_id)
            WHERE search_profiles.generation = gone.generation AND search_profiles.profile_id = gone.profile_id
            """,
            [.intArray(places.map(\.generation)), .textArray(places.map(\.profileID))]
        )
    }

    /// Notes the users as deleted and empties the records of their profiles, of which it returns generation and id.
    static func delete(users ids: [String]) -> [SQLStatement] {
        [
            SQLStatement(
                "INSERT INTO search_deleted_users (user_id) SELECT unnest($1) ORDER BY 1 ON CONFLICT DO NOTHING",
                [.textArray(ids)]
            ),
            SQLStatement(
                """
                UPDATE search_records SET standing = 'deleted', user_ids = '{}', event_at = NULL, personal = '{}',
                    fields = '{}', versions = '{}', revision = revision + 1, updated_at = now()
                WHERE user_ids && $1 RETURNING generation, profile_id
                """,
                [.textArray(ids)]
            ),
        ]
    }
}
