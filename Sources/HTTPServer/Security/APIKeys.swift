package import FlotillaHTTPRouting
package import FlotillaStorage

/// The API keys in Postgres.
package struct APIKeys: Sendable {
    private static let columns = """
        id, name, secret_hash, scopes, created_at, expires_at, revoked_at, events, jobs, last_used_at
        """

    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Makes a key and stores its digest. The key itself exists in the answer only.
    ///
    /// - Parameter record: of the key's id; executed in the same transaction.
    package func create(
        name: String,
        scopes: Set<Scope>,
        grants: Grants = .standard,
        expiresAt: Int64? = nil,
        record: (String) -> [SQLStatement] = { _ in [] }
    ) async throws(PostgresError) -> APIKey {
        let key = APIKey()
        _ = try await pool.pipeline(
            [
                SQLStatement(
                    """
                    INSERT INTO api_keys (id, name, secret_hash, scopes, events, jobs, expires_at)
                    VALUES ($1, $2, $3, $4, $5, $6, $7)
                    """,
                    [
                        .text(key.id), .text(name), .bytes(key.digest), .textArray(scopes.map(\.rawValue).sorted()),
                        .textArray(grants.events.words), .textArray(grants.jobs.words),
                        expiresAt.map { .timestamp($0) } ?? .null,
                    ]
                )
            ] + record(key.id)
        )
        return key
    }

    /// Every key, the newest first.
    package func list() async throws(PostgresError) -> [APIKeyRecord] {
        let rows = try await pool.query(
            SQLStatement("SELECT \(Self.columns) FROM api_keys ORDER BY created_at DESC, id")
        )
        return rows.map(Self.record)
    }

    package func find(_ id: String) async throws(PostgresError) -> APIKeyRecord? {
        let rows = try await pool.query(
            SQLStatement("SELECT \(Self.columns) FROM api_keys WHERE id = $1", [.text(id)])
        )
        return rows.first.map(Self.record)
    }

    /// Ends a key for good; `false` when there is none with this id, or it was revoked before.
    ///
    /// - Parameter record: executed in the same transaction, if it is ended.
    package func revoke(_ id: String, record: [SQLStatement] = []) async throws -> Bool {
        try await pool.transaction { transaction in
            let result = try await transaction.query(
                SQLStatement("UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", [.text(id)])
            )
            guard result.affected == 1 else { return false }
            try await transaction.commit(after: record)
            return true
        }
    }

    /// Changes what a key may do; `false` when there is no valid one with this id.
    ///
    /// - Parameter record: executed in the same transaction, if it is changed.
    package func change(_ id: String, scopes: Set<Scope>, grants: Grants, record: [SQLStatement] = []) async throws
        -> Bool
    {
        let statement = SQLStatement(
            """
            UPDATE api_keys SET scopes = $2, events = $3, jobs = $4
            WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
            """,
            [
                .text(id), .textArray(scopes.map(\.rawValue).sorted()), .textArray(grants.events.words),
                .textArray(grants.jobs.words),
            ]
        )
        return try await pool.transaction { transaction in
            guard try await transaction.query(statement).affected == 1 else { return false }
            try await transaction.commit(after: record)
            return true
        }
    }

    /// Writes when keys were last used, all with one statement. An earlier use than the written one changes nothing.
    package func note(_ uses: [KeyUses.Use]) async throws(PostgresError) {
        guard !uses.isEmpty else { return }
        _ = try await pool.query(
            SQLStatement(
                """
                UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, now() - make_interval(secs => u.ago / 1000.0))
                FROM unnest($1::text[], $2::bigint[]) AS u (id, ago) WHERE k.id = u.id
                """,
                [.textArray(uses.map(\.id)), .intArray(uses.map { Int64($0.ago / .milliseconds(1)) })]
            )
        )
    }

    private static func record(_ row: SQLRow) -> APIKeyRecord {
        APIKeyRecord(
            id: row.text(0) ?? "",
            name: row.text(1) ?? "",
            secretHash: row.bytes(2) ?? [],
            scopes: Set((row.texts(3) ?? []).compactMap(Scope.init)),
            grants: Grants(events: row.texts(7) ?? [], jobs: row.texts(8) ?? []),
            createdAt: row.timestamp(4) ?? 0,
            expiresAt: row.timestamp(5),
            revokedAt: row.timestamp(6),
            lastUsedAt: row.timestamp(9)
        )
    }
}
