import FlotillaMessaging
import FlotillaStorage
import FlotillaTestSupport
@testable import FlotillaWebhooks
import Testing

/// What an operator changes about endpoints, and what is told of it.
@Suite(.enabled(if: TestDatabase.isAvailable && StandIn.isAvailable))
struct WebhookChangeTests {
    @Test func `what is being handed in while an endpoint is enabled is made up too`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("crm")
            try await fixture.endpoints.enable("crm", false, reason: "moved")
            let message = WebhookMessage(event: "ticket.completed", body: Array("{}".utf8))
            let enabling = try await fixture.pool.transaction { transaction in
                try await fixture.outbox.post(message) { try await transaction.pipeline($0) }
                let enabling = Task {
                    try await fixture.endpoints.enable("crm", true, reason: nil)
                    return try await fixture.endpoints.sendMissed(to: "crm", since: 0, by: fixture.outbox)
                }
                try await eventually("it waits for the transaction") {
                    try await !fixture.strings(
                        """
                        SELECT query FROM pg_stat_activity
                        WHERE wait_event_type = 'Lock' AND query LIKE '%FROM webhook_endpoints WHERE name = $1 FOR UPDATE%'
                            AND pid <> pg_backend_pid()
                        """
                    ).isEmpty
                }
                return enabling
            }
            #expect(try await enabling.value == 1)
            #expect(try await fixture.states() == ["queued 0 -"])
        }
    }

    @Test func `a change and what tells of it are one transaction`() async throws {
        try await WebhookFixture.with { fixture in
            func endpoints(_ sql: String) -> WebhookEndpoints {
                WebhookEndpoints(fixture.pool, seal: fixture.seal, record: [SQLStatement(sql)])
            }
            let note = "INSERT INTO queue_marks (queue) VALUES (gen_random_uuid()::text)"
            let telling = endpoints(note)
            let failing = endpoints("SELECT 1 / 0")
            let subscription = try fixture.subscription("crm")
            await #expect(throws: PostgresError.self) { try await failing.add(subscription) }
            #expect(try await telling.list().isEmpty)
            _ = try await telling.add(subscription)
            let first = try await fixture.strings("SELECT encode(sealed_secret, 'hex') FROM webhook_endpoints")
            await #expect(throws: PostgresError.self) { try await failing.rotate("crm", overlap: .zero) }
            await #expect(throws: PostgresError.self) { try await failing.enable("crm", false, reason: nil) }
            await #expect(throws: PostgresError.self) { try await failing.remove("crm") }
            let second = try await fixture.strings("SELECT encode(sealed_secret, 'hex') FROM webhook_endpoints")
            #expect(first == second)
            #expect(try await telling.list().map(\.isEnabled) == [true])
            _ = try await telling.rotate("crm", overlap: .zero)
            try await telling.enable("crm", false, reason: nil)
            _ = try await telling.remove("crm")
            #expect(try await fixture.strings("SELECT queue FROM queue_marks").count == 4)
            await #expect(throws: WebhookError.self) { try await telling.remove("crm") }
            #expect(try await fixture.strings("SELECT queue FROM queue_marks").count == 4)
        }
    }

    @Test func `what a removed endpoint had missed will not be made either`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("crm")
            try await fixture.post()
            try await fixture.endpoints.enable("crm", false, reason: "moved")
            for _ in 1...2 { try await fixture.post() }
            #expect(try await fixture.endpoints.remove("crm") == 3)
        }
    }
}
