package import FlotillaPlatform
package import FlotillaStorage

/// The keys that sign tickets, in Postgres. Their secrets are sealed with the master key.
package struct TicketKeys: Sendable {
    private static let columns = """
        id, algorithm, public_key, created_at, superseded_at, retired_at, master, sealed_key
        """

    private let pool: PostgresPool
    private let masters: MasterKeyring?

    /// - Parameter masters: `nil` verifies with public keys only, and signs nothing.
    package init(_ pool: PostgresPool, masters: MasterKeyring?) {
        self.pool = pool
        self.masters = masters
    }

    /// Every key, the newest first.
    package func list() async throws -> [TicketKey] { try await rows().map(Self.key) }

    /// The key that signs; made when there is none.
    ///
    /// - Parameter algorithm: of a key that has to be made.
    package func signer(orMake algorithm: TicketAlgorithm = .ed25519) async throws -> TicketSigner {
        let current = SQLStatement("SELECT \(Self.columns) FROM ticket_keys WHERE superseded_at IS NULL")
        if let row = try await pool.query(current).first { return try signer(row) }
        // Somebody else may make one at the same moment: one of the two stays.
        _ = try await pool.query(try insert(algorithm))
        guard let row = try await pool.query(current).first else {
            throw TicketKeyError(code: .unknown, operation: "read the ticket key", detail: "there is none")
        }
        return try signer(row)
    }

    /// Makes a new key that signs from now on.
    ///
    /// - Parameter retiresAt: until when tokens of the one before are accepted, in microseconds since 1970; `nil`
    ///   without an end.
    /// - Parameter record: of the new key; executed in the same transaction.
    package func rotate(
        to algorithm: TicketAlgorithm,
        oldUntil retiresAt: Int64? = nil,
        record: (TicketKey) -> [SQLStatement] = { _ in [] }
    ) async throws -> TicketKey {
        let insert = try insert(algorithm)
        return try await pool.transaction { transaction in
            let results = try await transaction.pipeline([
                SQLStatement("SELECT pg_advisory_xact_lock(hashtextextended('ticket_keys', 0))"),
                SQLStatement(
                    """
                    UPDATE ticket_keys SET superseded_at = now(),
                        retired_at = least(retired_at, $1) WHERE superseded_at IS NULL
                    """,
                    [retiresAt.map { .timestamp($0) } ?? .null]
                ),
                insert,
                SQLStatement("SELECT \(Self.columns) FROM ticket_keys WHERE superseded_at IS NULL"),
            ])
            guard let row = results.last?.first else {
                throw TicketKeyError(
                    code: .unknown,
                    operation: "rotate the ticket key",
                    detail: "another process did so at the same moment",
                    isRetriable: true
                )
            }
            let key = try Self.key(row)
            try await transaction.commit(after: record(key))
            return key
        }
    }

    /// The database's time, by which keys are retired, in microseconds since 1970.
    func time() async throws(PostgresError) -> Int64 { try await pool.time() }

    /// Refuses the tokens of a key from `time` on, in microseconds since 1970. The key that signs can't be retired.
    ///
    /// - Parameter record: executed in the same transaction.
    package func retire(_ id: TicketKeyID, at time: Int64, record: [SQLStatement] = []) async throws -> TicketKey {
        try await pool.transaction { transaction in
            let result = try await transaction.query(
                SQLStatement(
                    """
                    UPDATE ticket_keys SET retired_at = $2 WHERE id = $1 AND superseded_at IS NOT NULL
                    RETURNING \(Self.columns)
                    """,
                    [.text(id.description), .timestamp(time)]
                )
            )
            guard let row = result.first else {
                throw TicketKeyError(
                    code: .unknown,
                    operation: "retire ticket key \(id)",
                    detail: "there is no such key, or it is the one that signs: rotate first"
                )
            }
            let key = try Self.key(row)
            try await transaction.commit(after: record)
            return key
        }
    }

    /// What opens the tokens of every key, the retired ones included, which it names.
    package func verifier() async throws -> TicketVerifier {
        var keys: [TicketVerifier.Key] = []
        for row in try await rows() {
            let key = try Self.key(row)
            if let publicKey = key.publicKey.flatMap(VerificationKey.init(bytes:)) {
                keys.append(.init(id: key.id, .ed25519(publicKey), retiredAt: key.retiredAt))
            } else if masters != nil {
                keys.append(.init(id: key.id, .hmac(try secret(of: row, key.id)), retiredAt: key.retiredAt))
            }
        }
        return TicketVerifier(keys)
    }

    private func rows() async throws -> SQLResult {
        try await pool.query(SQLStatement("SELECT \(Self.columns) FROM ticket_keys ORDER BY created_at DESC, id"))
    }

    private func insert(_ algorithm: TicketAlgorithm) throws -> SQLStatement {
        let master = try current()
        let secret: [UInt8]
        let publicKey: [UInt8]?
        let id: [UInt8]
        switch algorithm {
        case .ed25519:
            let key = SigningKey.generate()
            (secret, publicKey) = (key.seed, key.publicKey.bytes)
            id = Array(SHA256.digest(key.publicKey.bytes).prefix(TicketKeyID.length))
        case .hmac:
            (secret, publicKey) = (RandomBytes.make(32), nil)
            id = RandomBytes.make(TicketKeyID.length)
        }
        return SQLStatement(
            """
            INSERT INTO ticket_keys (id, algorithm, public_key, master, sealed_key) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO NOTHING
            """,
            [
                .text(id.hexadecimal), .text(algorithm.rawValue), publicKey.map { .bytes($0) } ?? .null,
                .text(master.id), .bytes(TicketKeySeal.seal(secret, of: id.hexadecimal, by: master)),
            ]
        )
    }

    private func current() throws -> MasterKeys.Key {
        guard let masters else {
            throw TicketKeyError(code: .sealed, operation: "read the ticket key", detail: "there is no master key")
        }
        return masters.current
    }

    private func signer(_ row: SQLRow) throws -> TicketSigner {
        let key = try Self.key(row)
        let secret = try secret(of: row, key.id)
        switch key.algorithm {
        case .hmac: return TicketSigner(key: key.id, .hmac(secret))
        case .ed25519:
            guard let signing = SigningKey(seed: secret), signing.publicKey.bytes == key.publicKey else {
                throw TicketKeyError(
                    code: .corrupt,
                    operation: "read ticket key \(key.id)",
                    detail: "its two halves do not belong together"
                )
            }
            return TicketSigner(key: key.id, .ed25519(signing))
        }
    }

    private func secret(of row: SQLRow, _ id: TicketKeyID) throws -> [UInt8] {
        guard let masters, let master = row.text(6), let sealed = row.bytes(7) else {
            throw TicketKeyError(code: .sealed, operation: "read ticket key \(id)", detail: "there is no master key")
        }
        return try TicketKeySeal.open(sealed, of: id.description, by: try masters.key(master))
    }

    private static func key(_ row: SQLRow) throws -> TicketKey {
        guard let id = row.text(0).flatMap(TicketKeyID.init),
            let algorithm = row.text(1).flatMap(TicketAlgorithm.init(rawValue:))
        else {
            throw TicketKeyError(code: .corrupt, operation: "read the ticket keys", detail: "a row holds no key")
        }
        return TicketKey(
            id: id,
            algorithm: algorithm,
            publicKey: row.bytes(2),
            createdAt: row.timestamp(3) ?? 0,
            supersededAt: row.timestamp(4),
            retiredAt: row.timestamp(5)
        )
    }
}
