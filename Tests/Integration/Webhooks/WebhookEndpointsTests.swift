import FlotillaOutbound
@testable import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
@testable import FlotillaWebhooks
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable && StandIn.isAvailable))
struct WebhookEndpointsTests {
    @Test func `endpoints get the events that they chose, each a delivery of its own`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("all", events: ["*"])
            try await fixture.add("tickets", events: ["ticket.*", "scan.rejected"])
            try await fixture.add("one", events: ["ticket.completed"])
            try await fixture.add("off", events: ["*"])
            try await fixture.endpoints.enable("off", false, reason: "op")
            for event in ["ticket.completed", "ticket.scanned", "scan.rejected", "ticketing.done", "other"] {
                try await fixture.post(event)
            }
            let reported = try await fixture.strings(
                """
                SELECT message.event || ' ' || string_agg(endpoint.name, ' ' ORDER BY endpoint.name)
                FROM webhook_deliveries AS delivery JOIN webhook_messages AS message ON message.id = message_id
                JOIN webhook_endpoints AS endpoint ON endpoint.id = endpoint_id
                WHERE delivery.status <> 'missed' GROUP BY message.event ORDER BY 1
                """
            )
            #expect(
                reported == [
                    "other all", "scan.rejected all tickets", "ticket.completed all one tickets",
                    "ticket.scanned all tickets",
                    "ticketing.done all",
                ]
            )
            let routes = try await fixture.strings("SELECT DISTINCT exchange || ' ' || routing_key FROM outbox")
            #expect(routes == ["fleet.direct webhook.deliver"])
            let count = try await fixture.strings("SELECT count(*)::text FROM outbox")
            #expect(count == ["9"])
        }
    }

    @Test func `without an endpoint that wants it nothing is written, nor when the transaction fails`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.post()
            try await fixture.add("core")
            await #expect(throws: PostgresError.self) {
                try await fixture.pool.transaction { transaction in
                    try await fixture.outbox.post(WebhookMessage(event: "x", body: [])) {
                        try await transaction.pipeline($0)
                    }
                    _ = try await transaction.query(SQLStatement("SELECT 1 / 0"))
                }
            }
            let counts = try await fixture.strings(
                """
                SELECT concat_ws(' ', (SELECT count(*) FROM webhook_messages), (SELECT count(*) FROM webhook_deliveries),
                    (SELECT count(*) FROM outbox))
                """
            )
            #expect(counts == ["0 0 0"])
        }
    }

    @Test func `after a rotation both secrets sign until the overlap ends`() async throws {
        try await WebhookFixture.with { fixture in
            let old = try await fixture.add("core")
            let new = try await fixture.endpoints.rotate("core", overlap: .seconds(3_600))
            _ = try await fixture.postAndDeliver()
            let both = try #require(try fixture.requests().last)
            #expect(both.isSigned(by: old) && both.isSigned(by: new))
            #expect(both.headers["webhook-signature"]?.split(separator: " ").count == 2)
            let listed = try await fixture.endpoints.list()
            #expect(listed[0].oldSecretUntil != nil)
            _ = try await fixture.strings("UPDATE webhook_endpoints SET old_secret_until = now() - interval '1 second'")
            _ = try await fixture.postAndDeliver()
            let later = try #require(try fixture.requests().last)
            #expect(!later.isSigned(by: old) && later.isSigned(by: new))
            let newest = try await fixture.endpoints.rotate("core", overlap: .zero)
            _ = try await fixture.postAndDeliver()
            let last = try #require(try fixture.requests().last)
            #expect(!last.isSigned(by: new) && last.isSigned(by: newest))
        }
    }

    @Test func `secrets are sealed in the database, each for its endpoint, and a new master key seals them anew`()
        async throws
    {
        try await WebhookFixture.with { fixture in
            let secret = try await fixture.add("core")
            let other = try await fixture.add("other", events: ["none"])
            let rows = try await fixture.pool.query(
                SQLStatement("SELECT id, sealed_secret, master FROM webhook_endpoints ORDER BY name")
            )
            let (id, sealed, master) = (rows[0].text(0) ?? "", rows[0].bytes(1) ?? [], rows[0].text(2) ?? "")
            #expect(!sealed.indices.contains { sealed[$0...].starts(with: secret.key) })
            #expect(try fixture.seal.open(sealed, of: id, by: master).key == secret.key)
            #expect(throws: MasterKeyError.self) {
                try fixture.seal.open(sealed, of: rows[1].text(0) ?? "", by: master)
            }
            _ = other

            let newMaster = MasterKeys.generate()
            let both = try MasterKeyring {
                try MasterKeys(Secret("\(newMaster.revealed),\(WebhookFixture.master.revealed)"))
            }
            let endpoints = WebhookEndpoints(fixture.pool, seal: WebhookSeal(both))
            let first = try await endpoints.sealAnew()
            let second = try await endpoints.sealAnew()
            #expect(first == 2 && second == 0)
            let after = try await fixture.pool.query(
                SQLStatement("SELECT id, sealed_secret, master FROM webhook_endpoints ORDER BY name")
            )
            let alone = WebhookSeal(try MasterKeyring { try MasterKeys(newMaster) })
            #expect(
                try alone.open(after[0].bytes(1) ?? [], of: id, by: after[0].text(2) ?? "").key == secret.key
            )
            // Whoever has only the old key says which one is missing, and loses nothing.
            let (delivery, result) = try await fixture.postAndDeliver()
            #expect(result.failureText.contains("FLOTILLA_MASTER_KEY"))
            let waiting = try await fixture.waiting()
            #expect(waiting == [delivery])
        }
    }

    @Test func `a name is taken once, and an unknown one is said`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core")
            let taken = await #expect(throws: WebhookError.self) { try await fixture.add("core") }
            #expect(taken?.code == .nameTaken)
            let unknown = await #expect(throws: WebhookError.self) {
                try await fixture.endpoints.rotate("nobody", overlap: .zero)
            }
            #expect(unknown?.code == .unknown)
            await #expect(throws: WebhookError.self) { try await fixture.endpoints.remove("nobody") }
            await #expect(throws: WebhookError.self) { try await fixture.endpoints.enable("nobody", true, reason: nil) }
        }
    }

    @Test func `the core is set up from the settings, changes with them, and stays disabled unless it moves`()
        async throws
    {
        try await WebhookFixture.with { fixture in
            let (first, second) = (WebhookSecret.generate(), WebhookSecret.generate())
            func configure(_ path: String, _ secrets: [WebhookSecret]) async throws {
                let core = try CoreEndpoints(
                    url: "http://127.0.0.1:\(fixture.receiver.port)\(path)",
                    secrets: Secret(secrets.map(\.revealed).joined(separator: ","))
                )
                for subscription in core.subscriptions {
                    try await fixture.endpoints.configure(subscription, secrets: core.secrets)
                }
            }
            try await configure("", [first])
            try await configure("", [first])
            let listed = try await fixture.endpoints.list()
            #expect(listed.map(\.name) == ["core-scans", "core-tickets"] && listed.allSatisfy(\.isConfigured))
            #expect(listed.map(\.events) == [["ticket.scanned"], ["ticket.completed"]])
            _ = try await fixture.postAndDeliver()
            let request = try #require(try fixture.requests().last)
            #expect(request.path == "/api/internal/ticket-generation-webhook" && request.isSigned(by: first))

            try await configure("", [second, first])
            _ = try await fixture.postAndDeliver()
            let rotated = try #require(try fixture.requests().last)
            #expect(rotated.isSigned(by: first) && rotated.isSigned(by: second))
            let refusal = await #expect(throws: WebhookError.self) {
                try await fixture.endpoints.rotate("core-tickets", overlap: .zero)
            }
            #expect(refusal?.code == .configured)

            try await fixture.endpoints.enable("core-tickets", false, reason: "op")
            try await configure("", [second])
            let disabled = try await fixture.endpoints.list()
            #expect(disabled[1].isEnabled == false)
            _ = try await fixture.strings(
                "UPDATE webhook_endpoints SET gone_since = now(), gone_answers = 2 WHERE name = $1 RETURNING id",
                [.text("core-tickets")]
            )
            try await configure("/v2", [second])
            let gone =
                "SELECT gone_answers::text FROM webhook_endpoints WHERE gone_answers > 0 OR gone_since IS NOT NULL"
            #expect(try await fixture.strings(gone) == [])
            let moved = try await fixture.endpoints.list()
            #expect(moved[1].isEnabled && moved[1].url.hasSuffix("/v2/api/internal/ticket-generation-webhook"))
        }
    }

    @Test func `a test goes out at once, to a disabled endpoint too, and is in the log`() async throws {
        try await WebhookFixture.with { fixture in
            let secret = try await fixture.add("core", "/echo")
            try await fixture.endpoints.enable("core", false, reason: "op")
            let access = WebhookAccess(allowed: ["127.0.0.1:\(fixture.receiver.port)"])
            let test = WebhookTest(
                fixture.pool,
                seal: fixture.seal,
                sender: WebhookSender(fixture.engine, access: access)
            )
            let result = try await test.run("core")
            #expect(result.status == 200 && result.error == nil && result.answer.contains("webhook.test"))
            let request = try #require(try fixture.requests().first)
            #expect(request.isSigned(by: secret) && request.headers["webhook-id"] == result.messageID)
            let log = try await WebhookAttempt.list(in: fixture.pool, message: result.messageID, limit: 5)
            #expect(log.map(\.event) == ["webhook.test"])
            await #expect(throws: WebhookError.self) { try await test.run("nobody") }
            let refusing = WebhookTest(
                fixture.pool,
                seal: fixture.seal,
                sender: WebhookSender(fixture.engine, access: WebhookAccess())
            )
            await #expect(throws: FieldError.self) { try await refusing.run("core") }
        }
    }

    @Test func `old webhooks are forgotten once they have come to their end`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core")
            _ = try await fixture.postAndDeliver()
            try await fixture.post()
            _ = try await fixture.strings("UPDATE webhook_messages SET created_at = now() - interval '31 days'")
            let pruning = WebhookStatements.prune(olderThan: .seconds(30 * 86_400), limit: 500)
            let forgotten = try await fixture.pool.query(pruning).affected
            #expect(forgotten == 1)
            let left = try await fixture.strings("SELECT status FROM webhook_deliveries")
            #expect(left == ["queued"])
            let attempts = try await fixture.strings("SELECT count(*)::text FROM webhook_attempts")
            #expect(attempts == ["0"])
        }
    }
}
