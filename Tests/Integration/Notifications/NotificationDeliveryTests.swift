@testable import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
@testable import FlotillaNotifications
import FlotillaOutbound
import FlotillaStorage
import FlotillaTestSupport
@testable import Workers
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct NotificationDeliveryTests {
    private static let command = #"{"to":"a@example.com","template":"message","data":{"title":"T","body":"B"}}"#

    private func planned(_ fixture: NotificationFixture) async throws -> String {
        #expect(await fixture.command("email", Self.command).isDone)
        let waiting = try await fixture.waiting()
        return try #require(waiting.first)
    }

    private func state(_ id: String, _ fixture: NotificationFixture) async throws -> String {
        try await fixture.strings(
            "SELECT concat_ws(' ', status, coalesce(provider, '-'), coalesce(reason, '-')) FROM notifications WHERE id = $1",
            [.text(id)]
        )[0]
    }

    @Test func `a refusal fails at once with the provider's words, and can be put right`() async throws {
        try await NotificationFixture.with { fixture in
            let id = try await planned(fixture)
            fixture.mail.answer { mail, _ in
                mail.to.address == "a@example.com"
                    ? .refused(reason: "550 5.1.1 no such user here") : .accepted(messageID: "m")
            }
            let result = await fixture.deliver(id)
            #expect(result.isPermanent)
            #expect(result.failureText.contains("550 5.1.1 no such user here"))
            let found1 = try await state(id, fixture)
            #expect(found1 == "failed scripted 550 5.1.1 no such user here")
            let found2 = try await fixture.published()
            #expect(found2 == ["notification.failed"])
            // A duplicate of the message changes nothing; one that an operator sends back, or sends elsewhere, does.
            #expect(await fixture.deliver(id).isDone)
            #expect(fixture.mail.contents.count == 1)
            #expect(await fixture.deliver(id, isReplay: true).isPermanent)
            #expect(fixture.mail.contents.count == 2)
            #expect(await fixture.deliver(id, to: "b@example.com").isDone)
            let found3 = try await state(id, fixture)
            #expect(found3 == "sent scripted -")
            #expect(await fixture.deliver(id, to: "c@example.com").isDone)
            #expect(fixture.mail.contents.count == 3)
        }
    }

    @Test func `when every provider is out the message waits, unspent, and goes out on return`() async throws {
        try await NotificationFixture.with { fixture in
            let id = try await planned(fixture)
            fixture.mail.turn(up: false)
            fixture.mail.answer { _, _ in .unavailable(reason: "connection refused", after: nil) }
            let result = await fixture.deliver(id)
            guard case .failure(let error as DependencyOutage) = result else {
                Issue.record("not held: \(result)")
                return
            }
            #expect(error.dependency == .email)
            let held = try await state(id, fixture)
            #expect(held.hasPrefix("queued -"))
            fixture.mail.turn(up: true)
            fixture.mail.answer { _, _ in .accepted(messageID: "m") }
            #expect(await fixture.deliver(id).isDone)
            let found4 = try await state(id, fixture)
            #expect(found4 == "sent scripted -")
        }
    }

    @Test func `while one process sends, a duplicate waits for the end of its lease`() async throws {
        try await NotificationFixture.with { fixture in
            let id = try await planned(fixture)
            let (isSending, started) = AsyncStream<Void>.makeStream()
            let (mayEnd, end) = AsyncStream<Void>.makeStream()
            fixture.mail.answer { _, _ in
                started.yield()
                for await _ in mayEnd { break }
                return .accepted(messageID: "m")
            }
            let first = Task { await fixture.deliver(id) }
            for await _ in isSending { break }
            guard case .success(.snooze(let wait)) = await fixture.deliver(id) else {
                Issue.record("a second one was sent")
                return
            }
            #expect(wait > .zero && wait < .seconds(31))
            end.yield()
            #expect(await first.value.isDone)
            #expect(await fixture.deliver(id).isDone)
            #expect(fixture.mail.contents.count == 1)
        }
    }

    @Test func `a deferral is retried, as late as the provider asks, and fails with the last attempt`() async throws {
        try await NotificationFixture.with { fixture in
            let id = try await planned(fixture)
            fixture.mail.answer { _, number in .deferred(reason: "450 busy", after: number == 1 ? .seconds(90) : nil) }
            guard case .failure(let error as RetryLater) = await fixture.deliver(id) else {
                Issue.record("the provider's wish was not honoured")
                return
            }
            #expect(error.delay == .seconds(90))
            #expect(await fixture.deliver(id, attempt: 2).failureType == "deferred_by_provider")
            let found5 = try await state(id, fixture)
            #expect(found5 == "queued - 450 busy")
            #expect(await fixture.deliver(id, attempt: 3).failureType == "deferred_by_provider")
            let found6 = try await state(id, fixture)
            #expect(found6 == "failed scripted 450 busy")
            let found7 = try await fixture.published()
            #expect(found7 == ["notification.failed"])
        }
    }

    @Test func `a process that dies between acceptance and record costs one more mail with the same id`() async throws {
        try await NotificationFixture.with { fixture in
            let id = try await planned(fixture)
            // As a crash leaves it: the provider has it, the lease has run out, and nothing was recorded.
            _ = await fixture.mail.send(
                MailMessage(
                    id: id,
                    from: .init(address: "f@example.com"),
                    to: .init(address: "a@example.com"),
                    subject: "T",
                    text: "B",
                    date: 0
                )
            )
            _ = try await fixture.pool.query(
                SQLStatement("UPDATE notifications SET sending_until = now() - interval '1 second'")
            )
            #expect(await fixture.deliver(id).isDone)
            #expect(await fixture.deliver(id).isDone)
            #expect(fixture.mail.contents.map(\.id) == [id, id])
        }
    }

    @Test func `a delivery message for a notification that does not exist is refused for good`() async throws {
        try await NotificationFixture.with { fixture in
            #expect(await fixture.deliver("00000000-0000-7000-8000-000000000000").failureType == "unknown_notification")
        }
    }

    @Test func `what a provider has accepted while the database was away is recorded on return, and sent once`()
        async throws
    {
        try await NotificationFixture.with { fixture in
            let id = try await planned(fixture)
            let effects = AwayEffectStore(fixture.pool, failures: 4)
            #expect(await fixture.deliver(id, effects: effects).isDone)
            let recorded = try await state(id, fixture)
            #expect(recorded == "sent scripted -")
            #expect(await fixture.deliver(id, effects: effects).isDone)
            #expect(fixture.mail.contents.count == 1)
            let published = try await fixture.published()
            #expect(published == ["notification.sent"])
        }
    }

    @Test func `however long the database is away, the process that had it accepted does not send again`() async throws
    {
        try await NotificationFixture.with(lease: .milliseconds(1), recordTimeout: .milliseconds(100)) { fixture in
            let id = try await planned(fixture)
            let effects = AwayEffectStore(fixture.pool, failures: .max)
            for _ in 0..<3 {
                let result = await fixture.deliver(id, effects: effects)
                guard case .failure(let error as DependencyOutage) = result else {
                    Issue.record("not held: \(result)")
                    return
                }
                #expect(error.dependency == .postgres)
            }
            effects.comeBack()
            // Whether or not anybody asks for it.
            try await eventually("it is recorded") { try await state(id, fixture) == "sent scripted -" }
            #expect(await fixture.deliver(id, effects: effects).isDone)
            #expect(fixture.mail.contents.count == 1)
        }
    }

    @Test func `a provider that takes its time keeps the lease`() async throws {
        try await NotificationFixture.with(lease: .seconds(3)) { fixture in
            let id = try await planned(fixture)
            let (mayEnd, end) = AsyncStream<Void>.makeStream()
            fixture.mail.answer { _, _ in
                for await _ in mayEnd { break }
                return .accepted(messageID: "m")
            }
            let first = Task { await fixture.deliver(id) }
            let lease = "SELECT coalesce(sending_until::text, '') FROM notifications"
            try await eventually("it is being sent") { try await fixture.strings(lease) != [""] }
            let before = try await fixture.strings(lease)
            try await eventually("the lease is renewed") { try await fixture.strings(lease) != before }
            end.yield()
            #expect(await first.value.isDone)
            let after = try await fixture.strings(lease)
            #expect(after == [""])
        }
    }

    @Test func `what waits for somebody who is deleted is suppressed, scheduled or not`() async throws {
        try await NotificationFixture.with { fixture in
            await fixture.event("user.created", #"{"userId":"u-1","email":"ada@example.com"}"#)
            let command = #""template":"message","data":{"title":"T","body":"B"}"#
            #expect(await fixture.command("email", #"{"to":{"userId":"u-1"},\#(command)}"#).isDone)
            let later = #"{"to":{"userId":"u-1"},\#(command),"options":{"scheduledAt":"2999-01-01T00:00:00Z"}}"#
            #expect(await fixture.command("email", later).isDone)
            let ids = try await fixture.waiting()
            #expect(ids.count == 3)
            await fixture.event("user.deleted", #"{"userId":"u-1"}"#)
            let reasons = try await fixture.strings(
                "SELECT status || ': ' || reason FROM notifications WHERE channel = 'email'"
            )
            #expect(reasons == Array(repeating: "suppressed: the recipient was deleted", count: 3))
            for id in ids { #expect(await fixture.deliver(id).isDone) }
            #expect(fixture.mail.contents.isEmpty)
        }
    }

    @Test func `a failed one that is sent back after its recipient was deleted is suppressed`() async throws {
        try await NotificationFixture.with { fixture in
            await fixture.event("user.created", #"{"userId":"u-1","email":"ada@example.com"}"#)
            let waiting = try await fixture.waiting()
            let id = try #require(waiting.first)
            fixture.mail.answer { _, _ in .refused(reason: "550 no") }
            #expect(await fixture.deliver(id).isPermanent)
            await fixture.event("user.deleted", #"{"userId":"u-1"}"#)
            #expect(await fixture.deliver(id, isReplay: true).isDone)
            #expect(fixture.mail.contents.count == 1)
            let found = try await state(id, fixture)
            #expect(found == "suppressed scripted the recipient was deleted")
        }
    }

    @Test func `a delivery that dies takes its notification with it, and brings it back when it is sent back`()
        async throws
    {
        try await NotificationFixture.with { fixture in
            let id = try await planned(fixture)
            let queue = "notification.deliver.email"
            var message = Message(body: Array(#"{"notificationId":"\#(id)"}"#.utf8))
            message.properties.messageID = id
            let delivery = Delivery(
                message: message,
                queue: queue,
                exchange: "fleet.direct",
                routingKey: queue,
                isRedelivered: false,
                token: DeliveryToken(epoch: 1, tag: 1)
            )
            let deadLettered = FailedDelivery(
                delivery: delivery,
                messageID: id,
                failure: Failure(type: Failure.timeout, message: "took longer than 300 s", isPermanent: false),
                failures: 5,
                maxAttempts: 5,
                worker: "host-1",
                failedAt: "2026-01-30T03:00:00.000Z"
            ).deadLettered()
            let dead = Delivery(
                message: deadLettered.message,
                queue: deadLettered.routingKey,
                exchange: "",
                routingKey: deadLettered.routingKey,
                isRedelivered: false,
                token: DeliveryToken(epoch: 1, tag: 1)
            )
            let store = DeadLetterStore(fixture.pool)
            for _ in 0..<2 {
                try await store.tell(DeadNotifications(), of: [DeadLetter(dead)])
            }
            let failed = try await state(id, fixture)
            #expect(failed == "failed - timeout: took longer than 300 s")
            let published = try await fixture.published()
            #expect(published == ["notification.failed"])
            #expect(await fixture.deliver(id, isReplay: true).isDone)
            let sent = try await state(id, fixture)
            #expect(sent == "sent scripted -")
        }
    }

    @Test func `a notification whose text can't be written any more fails with its delivery`() async throws {
        try await NotificationFixture.with { fixture in
            let id = try await planned(fixture)
            _ = try await fixture.pool.query(SQLStatement("UPDATE notification_requests SET data = '{}'"))
            #expect(await fixture.deliver(id).failureType == "missing_variable")
            let found = try await state(id, fixture)
            #expect(found.hasPrefix("failed - "))
            #expect(found.contains("title"))
        }
    }

    @Test func `a provider's doubtful failure waits without an attempt, and tells why`() async throws {
        try await NotificationFixture.with { fixture in
            let id = try await planned(fixture)
            fixture.mail.answer { _, _ in .failed(reason: "status 500") }
            guard case .success(.snooze(let wait)) = await fixture.deliver(id) else {
                Issue.record("not snoozed")
                return
            }
            #expect(wait == .seconds(5))
            let found = try await state(id, fixture)
            #expect(found == "queued - scripted: status 500")
        }
    }
}
