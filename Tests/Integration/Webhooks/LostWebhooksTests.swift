import FlotillaMessaging
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
@testable import FlotillaWebhooks
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable && StandIn.isAvailable))
struct LostWebhooksTests {
    private func resend(_ fixture: WebhookFixture, ready: Int = 0) async throws -> Int {
        try await LostWebhooks(
            fixture.pool,
            outbox: fixture.outbox,
            broker: DepthBroker(ready: ready),
            log: Log(service: "test", threshold: .error, descriptor: -1)
        ).resend()
    }

    private func lose(_ fixture: WebhookFixture, isUnbound: Bool = false) async throws {
        _ = try await fixture.strings("DELETE FROM outbox RETURNING id::text")
        _ = try await fixture.pool.query(
            SQLStatement(
                """
                INSERT INTO queue_gaps (queue, since, declared_at, finished_at, is_unbound)
                VALUES ('webhook.deliver', now() - interval '1 minute', now(), now(), $1)
                """,
                [.bool(isUnbound)]
            )
        )
    }

    @Test func `after their queue was lost, deliveries get a new message, once`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core")
            _ = try await fixture.postAndDeliver()
            try await fixture.post("ticket.completed", "{}", correlationID: "c-1")
            let id = try #require(try await fixture.waiting().first)
            #expect(try await resend(fixture) == 0)
            try await lose(fixture, isUnbound: true)
            #expect(try await resend(fixture) == 0)
            try await lose(fixture)
            #expect(try await resend(fixture, ready: 1) == 0)
            #expect(try await resend(fixture) == 1)
            #expect(try await resend(fixture) == 0)
            let messages = try await fixture.strings(
                """
                SELECT concat_ws(' ', exchange, routing_key, strpos(properties::text, '"c-1"') > 0,
                    convert_from(body, 'UTF8')) FROM outbox
                """
            )
            #expect(messages == [#"fleet.direct webhook.deliver t {"deliveryId":"\#(id)"}"#])
            #expect(await fixture.deliver(id).isDone)
            // What is handed in afterwards has its message.
            try await fixture.post()
            #expect(try await resend(fixture) == 0)
        }
    }

    @Test func `what has been tried since the loss has its message`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/status/500")
            try await fixture.post()
            let id = try #require(try await fixture.waiting().first)
            try await lose(fixture)
            _ = await fixture.deliver(id)
            #expect(try await resend(fixture) == 0)
        }
    }

    @Test func `a delivery that has shown no sign for longer than it may wait gets a message, and is given up`()
        async throws
    {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core")
            try await fixture.post()
            let id = try #require(try await fixture.waiting().first)
            _ = try await fixture.strings(
                "UPDATE webhook_deliveries SET created_at = now() - interval '79 hours' RETURNING id"
            )
            #expect(try await resend(fixture) == 1)
            #expect(try await resend(fixture) == 0)
            #expect(await fixture.deliver(id).failureType == "webhook_expired")
        }
    }
}
