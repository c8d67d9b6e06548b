import FlotillaMessaging
@testable import FlotillaNotifications
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct LostDeliveriesTests {
    private func resend(_ fixture: NotificationFixture, ready: Int = 0) async throws -> Int {
        try await LostDeliveries(
            fixture.pool,
            topology: NotificationFixture.topology,
            broker: DepthBroker(ready: ready),
            log: Log(service: "test", threshold: .error)
        ).resend()
    }

    @Test func `a notification that has lost its message gets a new one after an hour of silence, once`() async throws {
        try await NotificationFixture.with { fixture in
            let data = #""template":"message","data":{"title":"T","body":"B"}"#
            for address in ["a@example.com", "b@example.com"] {
                #expect(await fixture.command("email", #"{"to":"\#(address)",\#(data)}"#).isDone)
            }
            let later = #""options":{"scheduledAt":"2999-01-01T00:00:00Z"}"#
            #expect(await fixture.command("email", #"{"to":"c@example.com",\#(data),\#(later)}"#).isDone)
            let ids = try await fixture.waiting()
            _ = try await fixture.pool.pipeline([
                SQLStatement("DELETE FROM outbox"),
                SQLStatement(
                    "UPDATE notifications SET created_at = now() - interval '61 minutes' WHERE id <> $1",
                    [.text(ids[1])]
                ),
            ])
            let behind = try await resend(fixture, ready: 1)
            #expect(behind == 0)
            let first = try await resend(fixture)
            #expect(first == 1)
            let second = try await resend(fixture)
            #expect(second == 0)
            let messages = try await fixture.strings(
                "SELECT concat_ws(' ', exchange, routing_key, convert_from(body, 'UTF8')) FROM outbox"
            )
            #expect(messages == [#"fleet.direct notification.deliver.email {"notificationId":"\#(ids[0])"}"#])
            #expect(await fixture.deliver(ids[0]).isDone)
            #expect(fixture.mail.contents.count == 1)
        }
    }

    @Test func `what a provider has put off for long is not taken for lost`() async throws {
        try await NotificationFixture.with { fixture in
            let data = #""template":"message","data":{"title":"T","body":"B"}"#
            #expect(await fixture.command("email", #"{"to":"a@example.com",\#(data)}"#).isDone)
            let ids = try await fixture.waiting()
            fixture.mail.answer { _, _ in .deferred(reason: "later", after: .seconds(7_200)) }
            _ = await fixture.deliver(ids[0])
            _ = try await fixture.pool.query(
                SQLStatement("UPDATE notifications SET created_at = now() - interval '61 minutes'")
            )
            let found = try await resend(fixture)
            #expect(found == 0)
        }
    }
}
