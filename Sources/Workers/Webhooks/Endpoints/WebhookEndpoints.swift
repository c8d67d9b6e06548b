import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform
package import FlotillaStorage

/// The endpoints and their secrets, as the database keeps them.
package struct WebhookEndpoints: Sendable {
    private let pool: PostgresPool
    private let seal: WebhookSeal
    private let record: [SQLStatement]

    /// - Parameter record: what tells of a change that an operator makes; executed in the same transaction, if it is made.
    package init(_ pool: PostgresPool, seal: WebhookSeal, record: [SQLStatement] = []) {
        self.pool = pool
        self.seal = seal
        self.record = record
    }

    /// - Returns: the secret, which nobody is shown again.
    /// - Throws: `WebhookError` when the name is taken.
    package func add(_ subscription: WebhookSubscription) async throws -> WebhookSecret {
        let secret = WebhookSecret.generate()
        try await pool.transaction { transaction in
            let added = try await transaction.query(insert(subscription, [secret], isConfigured: false))
            guard added.affected == 1 else {
                throw WebhookError(
                    code: .nameTaken,
                    operation: "add an endpoint",
                    detail: "there is an endpoint called \(subscription.name) already"
                )
            }
            try await transaction.commit(after: record)
        }
        return secret
    }

    /// - Throws: `WebhookError` when there is no endpoint of that name.
    package static func check(_ name: String, in pool: PostgresPool) async throws {
        let found = try await pool.query(
            SQLStatement("SELECT FROM webhook_endpoints WHERE name = $1", [.text(name)])
        )
        guard !found.isEmpty else { throw unknown(name) }
    }

    /// All, by name.
    package func list() async throws(PostgresError) -> [WebhookEndpoint] {
        try await pool.query(WebhookEndpoint.list).map { WebhookEndpoint($0) }
    }

    /// A new secret. The old one goes on to sign beside it for a while, so that receivers can change over.
    ///
    /// - Parameter overlap: how long; zero ends the old one at once.
    /// - Throws: `WebhookError` for an unknown name, or an endpoint whose secrets are settings.
    package func rotate(_ name: String, overlap: Duration) async throws -> WebhookSecret {
        let secret = WebhookSecret.generate()
        try await pool.transaction { transaction in
            guard let row = try await transaction.query(Self.secrets(of: name)).first else { throw Self.unknown(name) }
            guard row.bool(1) == false else { throw Self.configured(name) }
            let id = row.text(0) ?? ""
            let old = try seal.open(row.bytes(3) ?? [], of: id, by: row.text(2) ?? "")
            let (sealed, master) = seal.seal(overlap > .zero ? [secret, old] : [secret], of: id)
            _ = try await transaction.query(
                SQLStatement(
                    """
                    UPDATE webhook_endpoints SET master = $2, sealed_secret = $3, sealed_old_secret = $4::bytea,
                        old_secret_until = now() + $5 * interval '1 second', updated_at = now()
                    WHERE id = $1
                    """,
                    [
                        .text(id), .text(master), .bytes(sealed[0]), sealed.count > 1 ? .bytes(sealed[1]) : .null,
                        .double(overlap.seconds),
                    ]
                )
            )
            try await transaction.commit(after: record)
        }
        return secret
    }

    /// Lets deliveries go out again, or keeps them from it. What is handed in while it is disabled is kept as missed.
    ///
    /// Transactions that hand webhooks in right now are waited for: afterwards it is known what the endpoint has missed.
    package func enable(_ name: String, _ isEnabled: Bool, reason: String?) async throws {
        try await pool.transaction { transaction in
            // The update alone would not wait for them, since it changes no key.
            let lock = SQLStatement("SELECT FROM webhook_endpoints WHERE name = $1 FOR UPDATE", [.text(name)])
            let change = SQLStatement(
                """
                UPDATE webhook_endpoints SET is_enabled = $2, failing_since = NULL, gone_since = NULL, gone_answers = 0,
                    updated_at = now(),
                    disabled_reason = CASE WHEN $2 THEN NULL ELSE $3::text END,
                    disabled_at = CASE WHEN $2 THEN NULL ELSE now() END
                WHERE name = $1
                """,
                [.text(name), .bool(isEnabled), reason.map { .text($0) } ?? .null]
            )
            guard try await transaction.pipeline([lock, change])[1].affected == 1 else { throw Self.unknown(name) }
            try await transaction.commit(after: record)
        }
    }

    /// How many webhooks wait that the endpoint has missed, of all the times that it was disabled.
    package func missed(by name: String) async throws -> Int {
        Int(try await pool.query(MissedDeliveries.count(of: name)).first?.int(0) ?? 0)
    }

    /// How many webhooks that waited for the endpoint came to their end because it was disabled, and are dead letters that
    /// nobody has sent back, archived or deleted.
    package func givenUp(by name: String) async throws -> Int {
        let statement = SQLStatement(
            """
            SELECT count(*) FROM webhook_deliveries AS delivery WHERE status = 'failed' AND starts_with(reason, $2)
                AND endpoint_id = (SELECT id FROM webhook_endpoints WHERE name = $1)
                AND EXISTS (SELECT FROM dead_letters
                    WHERE message_id = delivery.id AND queue = $3 AND state = 'dead')
            """,
            [.text(name), .text(WebhookDelivery.disabledText(of: name)), .text(WebhookOutbox.routingKey)]
        )
        return Int(try await pool.query(statement).first?.int(0) ?? 0)
    }

    /// Sends what the endpoint has missed since `time`, in microseconds since 1970; returns how many.
    package func sendMissed(to name: String, since time: Int64, by outbox: WebhookOutbox) async throws -> Int {
        try await MissedDeliveries.send(to: name, since: time, in: pool, by: outbox)
    }

    /// Takes the endpoint out, with its deliveries and their attempts.
    ///
    /// - Returns: how many deliveries will not be made.
    package func remove(_ name: String) async throws -> Int {
        try await pool.transaction { transaction in
            let results = try await transaction.pipeline([
                SQLStatement(
                    """
                    SELECT count(*) FROM webhook_deliveries WHERE status IN ('queued', 'missed')
                        AND endpoint_id = (SELECT id FROM webhook_endpoints WHERE name = $1)
                    """,
                    [.text(name)]
                ),
                SQLStatement("DELETE FROM webhook_endpoints WHERE name = $1", [.text(name)]),
            ])
            guard results[1].affected == 1 else { throw Self.unknown(name) }
            try await transaction.commit(after: record)
            return Int(results[0].first?.int(0) ?? 0)
        }
    }

    /// Brings an endpoint up to what the settings say. One whose URL is another now is enabled again.
    ///
    /// - Parameter secrets: the current one first; a second one signs beside it for as long as it is given.
    package func configure(_ subscription: WebhookSubscription, secrets: [WebhookSecret]) async throws {
        _ = try await pool.query(insert(subscription, secrets, isConfigured: true))
        try await pool.transaction { transaction in
            guard let row = try await transaction.query(Self.secrets(of: subscription.name)).first else { return }
            let (id, master) = (row.text(0) ?? "", row.text(2) ?? "")
            let known = try [row.bytes(3), row.bytes(4)].compactMap { $0 }.map { try seal.open($0, of: id, by: master) }
            let isUnchanged =
                row.bool(1) == true && row.text(5) == subscription.url.text && row.texts(6) == subscription.events
                && known.map(\.key) == secrets.map(\.key)
            guard !isUnchanged else { return }
            let (sealed, current) = seal.seal(secrets, of: id)
            _ = try await transaction.query(
                SQLStatement(
                    """
                    UPDATE webhook_endpoints SET is_configured = true, events = $3, master = $4, sealed_secret = $5,
                        sealed_old_secret = $6::bytea, old_secret_until = 'infinity', updated_at = now(), url = $2,
                        is_enabled = is_enabled OR url <> $2,
                        disabled_reason = CASE WHEN url = $2 THEN disabled_reason END,
                        disabled_at = CASE WHEN url = $2 THEN disabled_at END,
                        failing_since = CASE WHEN url = $2 THEN failing_since END,
                        gone_since = CASE WHEN url = $2 THEN gone_since END,
                        gone_answers = CASE WHEN url = $2 THEN gone_answers ELSE 0 END
                    WHERE id = $1
                    """,
                    [
                        .text(id), .text(subscription.url.text), .textArray(subscription.events), .text(current),
                        .bytes(sealed[0]), sealed.count > 1 ? .bytes(sealed[1]) : .null,
                    ]
                )
            )
        }
    }

    /// Seals all secrets with the current master key, so that an older one is needed no more.
    ///
    /// - Returns: how many endpoints were sealed anew.
    package func sealAnew() async throws -> Int {
        try await pool.transaction { transaction in
            let rows = try await transaction.query(
                SQLStatement(
                    """
                    SELECT id, false, master, sealed_secret, sealed_old_secret FROM webhook_endpoints
                    WHERE master <> $1 ORDER BY id FOR UPDATE
                    """,
                    [.text(seal.master)]
                )
            )
            for row in rows {
                let (id, old) = (row.text(0) ?? "", row.text(2) ?? "")
                let secrets = try [row.bytes(3), row.bytes(4)].compactMap { $0 }
                    .map { try seal.open($0, of: id, by: old) }
                let (sealed, master) = seal.seal(secrets, of: id)
                _ = try await transaction.query(
                    SQLStatement(
                        """
                        UPDATE webhook_endpoints SET master = $2, sealed_secret = $3, sealed_old_secret = $4::bytea
                        WHERE id = $1
                        """,
                        [
                            .text(id), .text(master), .bytes(sealed[0]),
                            sealed.count > 1 ? .bytes(sealed[1]) : .null,
                        ]
                    )
                )
            }
            return rows.count
        }
    }

    private func insert(
        _ subscription: WebhookSubscription,
        _ secrets: [WebhookSecret],
        isConfigured: Bool
    ) -> SQLStatement {
        let id = UUIDv7.make()
        let (sealed, master) = seal.seal(secrets, of: id)
        return SQLStatement(
            """
            INSERT INTO webhook_endpoints (id, name, url, events, is_configured, master, sealed_secret,
                sealed_old_secret, old_secret_until)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8::bytea, CASE WHEN $5 THEN 'infinity'::timestamptz END)
            ON CONFLICT (name) DO NOTHING
            """,
            [
                .text(id), .text(subscription.name), .text(subscription.url.text), .textArray(subscription.events),
                .bool(isConfigured), .text(master), .bytes(sealed[0]), sealed.count > 1 ? .bytes(sealed[1]) : .null,
            ]
        )
    }

    private static func secrets(of name: String) -> SQLStatement {
        SQLStatement(
            """
            SELECT id, is_configured, master, sealed_secret, sealed_old_secret, url, events FROM webhook_endpoints
            WHERE name = $1 FOR UPDATE
            """,
            [.text(name)]
        )
    }

    private static func unknown(_ name: String) -> WebhookError {
        WebhookError(code: .unknown, operation: "find an endpoint", detail: "there is no endpoint called \(name)")
    }

    private static func configured(_ name: String) -> WebhookError {
        WebhookError(
            code: .configured,
            operation: "rotate a secret",
            detail:
                "the secrets of \(name) are a setting: put the new one in front of the old one in FLOTILLA_CORE_SECRET"
        )
    }
}
