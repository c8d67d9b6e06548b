package import FlotillaHTTPRouting
package import FlotillaStorage

/// The API keys in Postgres.
package struct APIKeys: Sendable {
    private static let columns = "id, name, secret_hash, scopes, created_at, expires_at, revoked_at"

    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Makes a key and stores its digest. The key itself exists in the answer only.
    package func create(
        name: String,
        scopes: Set<Scope>,
        expiresAt: Int64? = nil
    ) async throws(PostgresError) -> APIKey {
        let key = APIKey()
        _ = try await pool.query(
            SQLStatement(
                "INSERT INTO api_keys (id, name, secret_hash, scopes, expires_at) VALUES ($1, $2, $3, $4, $5)",
                [
                    .text(key.id), .text(name), .bytes(key.digest), .textArray(scopes.map(\.rawValue).sorted()),
                    expiresAt.map { .timestamp($0) } ?? .null,
                ]
            )
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
    package func revoke(_ id: String) async throws(PostgresError) -> Bool {
        let result = try await pool.query(
            SQLStatement("UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", [.text(id)])
        )
        return result.affected == 1
    }

    private static func record(_ row: SQLRow) -> APIKeyRecord {
        APIKeyRecord(
            id: row.text(0) ?? "",
            name: row.text(1) ?? "",
            secretHash: row.bytes(2) ?? [],
            scopes: Set((row.texts(3) ?? []).compactMap(Scope.init)),
            createdAt: row.timestamp(4) ?? 0,
            expiresAt: row.timestamp(5),
            revokedAt: row.timestamp(6)
        )
    }
}
