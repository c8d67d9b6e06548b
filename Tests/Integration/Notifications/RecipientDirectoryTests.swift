import FlotillaIdentity
import FlotillaModels
@testable import FlotillaNotifications
import FlotillaOutbound
import FlotillaTelemetry
import FlotillaTestSupport
import Testing

/// Users whom no event has told of, looked up at the auth service.
@Suite(.enabled(if: TestDatabase.isAvailable && StandIn.isAvailable))
struct RecipientDirectoryTests {
    private struct Fixture {
        let notifications: NotificationFixture
        let server: StandIn
        let directory: RecipientDirectory

        func command(_ user: String, id: String) async -> Result<Outcome, any Error> {
            let worker = NotificationCommandWorker(notifications.dispatch, directory: directory)
            let harness = HandlerHarness(worker, queue: "notification.email", notifications.pool)
            let body = #"{"to":{"userId":"\#(user)"},"template":"user_welcome"}"#
            return await harness.handle([.init(id: id, event: "notification.email", body: body)])[0]
        }

        func rows() async throws -> [String] {
            try await notifications.strings(
                "SELECT concat_ws(' ', recipient, address, language, status) FROM notifications ORDER BY 1"
            )
        }
    }

    private static func with(_ body: (Fixture) async throws -> Void) async throws {
        let server = try await StandIn("auth-service.py")
        let engine = TransferEngine()
        let client = AuthServiceClient(
            AuthServiceConfiguration(url: "http://127.0.0.1:\(server.port)"),
            HTTPClient(engine),
            log: Log(service: "test", descriptor: -1)
        )
        let result: Result<Void, any Error>
        do {
            try await NotificationFixture.with { notifications in
                try await body(
                    Fixture(notifications: notifications, server: server, directory: RecipientDirectory(client))
                )
            }
            result = .success(())
        } catch { result = .failure(error) }
        await engine.close()
        try result.get()
    }

    @Test func `a user whom no event has told of is looked up once, and learnt`() async throws {
        try await Self.with { fixture in
            for number in 1...3 { #expect(await fixture.command("u7", id: "m\(number)").isDone) }
            #expect(await fixture.command("u7", id: "m3").isDone)
            let rows = try await fixture.rows()
            #expect(rows == Array(repeating: "user:u7 u7@example.com fr queued", count: 3))
            #expect(fixture.server.count("requests") == 1)
            // What an event says is newer, whenever it happened; and no role is learnt.
            await fixture.notifications.event(
                "user.updated",
                #"{"userId":"u7","email":"new@example.com","occurredAt":"1971-01-01T00:00:00Z"}"#
            )
            let known = try await fixture.notifications.strings("SELECT concat_ws(' ', email, roles) FROM recipients")
            #expect(known == ["new@example.com"])
        }
    }

    @Test func `a user whom the service does not know either is unknown as before`() async throws {
        try await Self.with { fixture in
            let result = await fixture.command("nobody", id: "m1")
            #expect(result.failureType == "unknown_recipient")
            let rows = try await fixture.rows()
            #expect(rows == [])
        }
    }

    @Test func `while the service is out the message waits and spends no attempt, and known users are told`()
        async throws
    {
        try await Self.with { fixture in
            await fixture.notifications.event("user.updated", #"{"userId":"u1","email":"u1@example.org"}"#)
            try fixture.server.answer(#"{"status":500}"#)
            guard case .success(.snooze(let delay)) = await fixture.command("u7", id: "m1") else {
                Issue.record("it was not put off")
                return
            }
            #expect(delay >= .seconds(2))
            #expect(await fixture.command("u1", id: "m2").isDone)
            let told = try await fixture.rows()
            #expect(told == ["user:u1 u1@example.org en queued"])
            try fixture.server.answer(nil)
            #expect(await fixture.command("u7", id: "m1").isDone)
            let all = try await fixture.rows()
            #expect(all.count == 2)
        }
    }

    @Test func `an answer that is wrong for good spends attempts, as any failure does`() async throws {
        try await Self.with { fixture in
            for (number, answer) in [#"{"status":401}"#, #"{"status":403}"#].enumerated() {
                try fixture.server.answer(answer)
                guard case .failure(let error) = await fixture.command("u\(number)", id: "m\(number)") else {
                    Issue.record("it was put off: \(answer)")
                    return
                }
                #expect((error as? AuthServiceError)?.code == .violation)
            }
        }
    }

    @Test func `nobody who was deleted is brought back`() async throws {
        try await Self.with { fixture in
            await fixture.notifications.event("user.deleted", #"{"userId":"u7"}"#)
            #expect(await fixture.command("u7", id: "m1").failureType == "unknown_recipient")
            let kept = try await fixture.notifications.strings(
                "SELECT concat_ws(' ', key, email, name) FROM recipients"
            )
            #expect(kept == ["user:u7"])
        }
    }
}
