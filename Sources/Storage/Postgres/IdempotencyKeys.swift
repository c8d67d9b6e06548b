package import FlotillaModels

/// The idempotency keys of all callers: what the first request with each has made, and what it was answered.
///
/// A key is claimed in the transaction of the effect, so that either both are there or neither. A request whose key another
/// transaction is just claiming waits for it.
package enum IdempotencyKeys {
    /// How long keys are kept unless a setting says otherwise.
    package static let retention = Duration.seconds(7 * 86_400)
    /// How long a request waits for another with its key that is not answered yet.
    package static let waitLimit = Duration.seconds(2)

    /// A key for what a request is about to make.
    package struct Claim: Sendable {
        package var key: IdempotencyKey
        /// The id of what is made, unique among all claims.
        package var resource: String
        /// What the request is answered, as JSON, where that can't be read from the resource.
        package var answer: String?

        package init(key: IdempotencyKey, resource: String, answer: String? = nil) {
            self.key = key
            self.resource = resource
            self.answer = answer
        }
    }

    /// What a key belongs to.
    package struct Holder: Sendable, Hashable {
        /// `nil` of a key from before they were kept: any request repeats it.
        package let fingerprint: [UInt8]?
        package let resource: String
        package let answer: String?

        /// Whether a request with this key repeats the first one.
        package func isRepeated(by key: IdempotencyKey) -> Bool { fingerprint == nil || fingerprint == key.fingerprint }
    }

    /// Claims the keys that are free; gives the resources of those.
    package static func claim(_ claims: [Claim]) -> SQLStatement {
        SQLStatement(
            // Sorted, so that two transactions with the same keys wait for each other in one direction only.
            """
            INSERT INTO idempotency_keys (caller, idempotency_key, fingerprint, resource, answer)
            SELECT * FROM unnest($1, $2, $3, $4, $5) AS new (caller, idempotency_key, fingerprint, resource, answer)
            ORDER BY caller, idempotency_key, resource
            ON CONFLICT (caller, idempotency_key) DO NOTHING RETURNING resource
            """,
            [
                .textArray(claims.map(\.key.caller.storable)), .textArray(claims.map(\.key.text.storable)),
                .bytesArray(claims.map(\.key.fingerprint)), .textArray(claims.map(\.resource.storable)),
                .textArray(claims.map { $0.answer?.storable }),
            ]
        )
    }

    /// Ends the wait for another transaction's claim after ``waitLimit``; to be executed before ``claim(_:)``.
    package static let limit = SQLStatement(
        "SELECT set_config('lock_timeout', '\(Int(waitLimit / .milliseconds(1)))', true)"
    )

    /// Claims a key in the transaction of its effect.
    ///
    /// - Returns: `nil` when it was free; otherwise what it belongs to, and the transaction must have no effect.
    package static func claim(_ claim: Claim, in transaction: PostgresTransaction) async throws -> Holder? {
        guard try await transaction.pipeline([limit, Self.claim([claim])])[1].isEmpty else { return nil }
        let rows = try await transaction.query(holder(of: claim.key))
        guard let row = rows.first else {
            throw PostgresError.unavailable("claim", "the holder of the idempotency key has just been deleted")
        }
        return Holder(fingerprint: row.bytes(0), resource: row.text(1) ?? "", answer: row.text(2))
    }

    private static func holder(of key: IdempotencyKey) -> SQLStatement {
        SQLStatement(
            "SELECT fingerprint, resource, answer FROM idempotency_keys WHERE caller = $1 AND idempotency_key = $2",
            [.text(key.caller.storable), .text(key.text.storable)]
        )
    }

    /// The key belongs to another resource than it was claimed for.
    static func move(_ key: IdempotencyKey, to resource: String) -> SQLStatement {
        SQLStatement(
            "UPDATE idempotency_keys SET resource = $3 WHERE caller = $1 AND idempotency_key = $2",
            [.text(key.caller.storable), .text(key.text.storable), .text(resource)]
        )
    }

    /// The key is free again: its request was refused.
    static func release(_ key: IdempotencyKey) -> SQLStatement {
        SQLStatement(
            "DELETE FROM idempotency_keys WHERE caller = $1 AND idempotency_key = $2",
            [.text(key.caller.storable), .text(key.text.storable)]
        )
    }

    /// Forgets what the requests said that have made these resources: any request with such a key repeats the first one then.
    package static func forgetFingerprints(of resources: [String]) -> SQLStatement {
        SQLStatement(
            "UPDATE idempotency_keys SET fingerprint = NULL WHERE resource = ANY ($1) AND fingerprint IS NOT NULL",
            [.textArray(resources.map(\.storable))]
        )
    }

    /// Forgets up to `limit` keys that are older than `age`; the caller repeats until none is left.
    package static func prune(olderThan age: Duration = retention, limit: Int = 1_000) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM idempotency_keys WHERE created_at < now() - $1 * interval '1 second'
                ORDER BY created_at LIMIT $2))
            """,
            [.double(age.seconds), .int(Int64(limit))]
        )
    }
}
