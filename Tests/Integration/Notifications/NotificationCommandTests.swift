@testable import FlotillaNotifications
import FlotillaLocalization
import FlotillaModels
import FlotillaOutbound
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct NotificationCommandTests {
    /// The request of the platform's notification flow.
    static let seed = #"""
        {"to":"user@example.com","template":"ticket_generated",
         "data":{"event_title":"Tech Conference 2026","ticket_url":"https://app.eventplanner.com/tickets/789",
                 "guest_name":"Ada Lovelace"},
         "options":{"priority":"high","scheduledAt":"2026-01-30T03:00:00Z"}}
        """#

    @Test func `the seed's request becomes an urgent delivery not before its time`() async throws {
        try await NotificationFixture.with { fixture in
            #expect(await fixture.command("email", Self.seed, id: "m").isDone)
            let row = try await fixture.strings(
                "SELECT concat_ws(' ', routing_key, exchange, extract(epoch FROM not_before)::bigint) FROM outbox"
            )
            #expect(row == ["notification.deliver.email.urgent fleet.direct 1769742000"])
            try await fixture.deliverAll()
            #expect(fixture.mail.contents.map(\.to.address) == ["user@example.com"])
            #expect(fixture.mail.contents.first?.text.contains("Tech Conference 2026") == true)
        }
    }

    @Test func `times without an offset are of the zone that the request names, in its data as in its options`()
        async throws
    {
        try await NotificationFixture.with { fixture in
            let body = #"""
                {"to":"user@example.com","template":"ticket_generated",
                 "data":{"event_title":"T","ticket_url":"https://x.example/1","guest_name":"Ada",
                         "event_date":"2026-06-15T09:00:00"},
                 "options":{"scheduledAt":"2026-01-30T04:00:00","timeZone":"Europe/Paris"}}
                """#
            #expect(await fixture.command("email", body, id: "m").isDone)
            let row = try await fixture.strings("SELECT extract(epoch FROM not_before)::bigint::text FROM outbox")
            #expect(row == ["1769742000"])
            try await fixture.deliverAll()
            #expect(fixture.mail.contents.first?.text.contains("09:00 (Paris)") == true)
        }
    }

    @Test func `a job with times without an offset and without a zone says which zone was assumed`() async throws {
        let paris = try #require(NamedTimeZone.named("Europe/Paris"))
        try await NotificationFixture.with { fixture in
            func body(_ data: String, _ options: String) -> String {
                #"{"to":"a@example.com","template":"message","data":{"title":"T","body":"B"\#(data)},"options":{\#(options)}}"#
            }
            let time = #""scheduledAt":"2026-01-30T04:00:00""#
            let said = ["times without an offset were read in Europe/Paris"]
            try await AssumedZone.$ofTask.withValue(paris) {
                #expect(await fixture.notes("email", body("", time)) == said)
                #expect(await fixture.notes("email", body(#","link":"2026-06-15T09:00:00""#, "")) == said)
                #expect(await fixture.notes("email", body("", time + #","timeZone":"Europe/Berlin""#)) == [])
                #expect(await fixture.notes("email", body("", #""scheduledAt":"2026-01-30T04:00:00Z""#)) == [])
                let row = try await fixture.strings(
                    "SELECT DISTINCT extract(epoch FROM not_before)::bigint::text FROM outbox ORDER BY 1"
                )
                #expect(row.contains("1769742000"))
            }
        }
    }

    @Test func `a list becomes a notification each, and one who can't be reached keeps nobody`() async throws {
        try await NotificationFixture.with { fixture in
            await fixture.event("user.created", #"{"userId":"u-1","name":"No address"}"#)
            let people = (0..<500).map { #""p\#($0)@example.com""# } + [#"{"userId":"u-1"}"#, #""p1@example.com""#]
            let body =
                #"{"to":[\#(people.joined(separator: ","))],"template":"message","data":{"title":"T","body":"B"}}"#
            #expect(await fixture.command("email", body).isDone)
            let counts = try await fixture.strings(
                "SELECT status || ' ' || count(*) FROM notifications WHERE channel = 'email' GROUP BY status ORDER BY 1"
            )
            #expect(counts == ["failed 1", "queued 500"])
            let found1 = try await fixture.published()
            #expect(found1 == ["notification.failed", "notification.sent"])
            let deliveries = "SELECT count(*) FROM outbox WHERE routing_key = 'notification.deliver.email'"
            let found2 = try await fixture.strings(deliveries)
            #expect(found2 == ["500"])
        }
    }

    @Test func `marketing reaches nobody who declined it, and the password reset reaches everybody`() async throws {
        try await NotificationFixture.with { fixture in
            await fixture.event("user.created", #"{"userId":"u-1","email":"ada@example.com"}"#)
            let store = PreferenceStore(fixture.pool)
            _ = try await store.replace(
                [.init(channel: .email, template: "*", isAllowed: false)],
                of: .user("u-1")
            )
            let news = #"{"to":"Ada@example.com","template":"announcement","data":{"title":"T","body":"B"}}"#
            #expect(await fixture.command("email", news).isDone)
            #expect(
                await fixture.event("user.password.reset", #"{"userId":"u-1","code":"123456"}"#).isDone
            )
            try await fixture.deliverAll()
            #expect(fixture.mail.contents.map(\.to.address) == ["ada@example.com", "ada@example.com"])
            let states = try await fixture.strings(
                "SELECT template || ' ' || status FROM notifications WHERE channel = 'email' ORDER BY 1"
            )
            #expect(states == ["announcement suppressed", "password_reset sent", "user_welcome sent"])
        }
    }

    @Test func `who unsubscribes after a mail was planned does not get it`() async throws {
        try await NotificationFixture.with { fixture in
            let news = #"{"to":"a@example.com","template":"announcement","data":{"title":"T","body":"B"}}"#
            for _ in 0..<2 { #expect(await fixture.command("email", news).isDone) }
            let ids = try await fixture.waiting()
            await fixture.deliver(ids[0])
            let url = try #require(fixture.mail.contents.first?.unsubscribeURL)
            let token = try #require(url.split(separator: "=").last.map(String.init))
            #expect(try await PreferenceStore(fixture.pool).unsubscribe(token: token))
            #expect(await fixture.deliver(ids[1]).isDone)
            #expect(fixture.mail.contents.count == 1)
            let found3 = try await fixture.summary()
            #expect(found3 == ["email announcement sent", "email announcement suppressed"])
        }
    }

    @Test(arguments: [
        (#"{"template":"message","data":{}}"#, "to"),
        (#"{"to":"a@example.com","data":{}}"#, "template"),
        (#"{"to":"a@example.com","template":"message","dat":{}}"#, "dat"),
        (#"{"to":"a@example.com","template":"message","data":{"title":"T"}}"#, "body"),
        (#"{"to":"a@example.com","template":"mesage","data":{}}"#, "mesage"),
        (#"{"to":"a@example.com\r\nBcc: b@example.com","template":"message","data":{"title":"T","body":"B"}}"#, "to"),
        (#"{"to":"a@example.com\nX","template":"message","data":{"title":"T","body":"B"}}"#, "to"),
        (#"{"to":"a\u0000@example.com","template":"message","data":{"title":"T","body":"B"}}"#, "to"),
        (
            #"{"to":{"email":"a@example.com","name":"A\r\nBcc: b"},"template":"message","data":{"title":"T","body":"B"}}"#,
            "to.name"
        ),
        (
            #"{"to":"a@example.com","template":"message","data":{"title":"T\r\nBcc: b@x.example","body":"B"}}"#,
            "subject"
        ),
        (#"{"to":"a@example.com","template":"message","data":{"title":"T","body":"a\u0000b"}}"#, "data.body"),
        (#"{"to":{"email":"a@example.com","userId":"1"},"template":"message"}"#, "to"),
        (#"{"to":[],"template":"message"}"#, "to"),
        (#"{"to":"a@example.com","template":"message","options":{"priority":"urgent"}}"#, "options.priority"),
        (#"{"to":"a@example.com","template":"message","options":{"scheduledAt":"soon"}}"#, "options.scheduledAt"),
        (
            #"{"to":"a@example.com","template":"message","options":{"attachments":[{"fileName":"a","content":"*"}]}}"#,
            "options.attachments.0.content"
        ),
        (
            #"{"to":"a@example.com","template":"message","options":{"attachments":[{"fileName":"a","contents":"YQ=="}]}}"#,
            "options.attachments.0.contents"
        ),
        (
            #"{"to":"a@example.com","template":"message","data":{"title":"T","body":"B"},"options":{"attachments":[{"fileName":"a\r\nb","content":"YQ=="}]}}"#,
            "options.attachments.0.fileName"
        ),
        (#"{"to":"a@example.com","template":"message","options":{"timeZone":"Mars/Olympus"}}"#, "options.timeZone"),
        (#"{"to":"a@example.com","template":"message","options":{"timeZone":"../etc/passwd"}}"#, "options.timeZone"),
        (#"{"to":"a@example.com","template":"message","options":{"language":"klingon!"}}"#, "options.language"),
        (#"{"to":"a@example.com","template":"message","options":{"language":"de"}}"#, "options.language"),
        (#"{"to":"a@example.com","template":"message","options":{"language":"fr_FR"}}"#, "options.language"),
        (#"{"to":"a@example.com","template":"message","options":{"langage":"fr"}}"#, "options.langage"),
    ])
    func `a command that can't be carried out is refused for good, and names the field`(
        body: String,
        field: String
    ) async throws {
        try await NotificationFixture.with { fixture in
            let result = await fixture.command("email", body)
            #expect(result.isPermanent)
            #expect(result.failureText.contains(field), "\(result.failureText)")
            let written = try await fixture.summary()
            #expect(written.isEmpty)
        }
    }

    @Test func `a subject of 64 KB is refused by its name`() async throws {
        try await NotificationFixture.with { fixture in
            let title = String(repeating: "x", count: 65_536)
            let result = await fixture.command(
                "email",
                #"{"to":"a@example.com","template":"message","data":{"title":"\#(title)","body":"B"}}"#
            )
            #expect(result.isPermanent)
            #expect(result.failureText.contains("subject"))
        }
    }

    @Test func `an SMS goes to a number, and an application shows what it was told to`() async throws {
        try await NotificationFixture.with { fixture in
            let data = #""template":"message","data":{"title":"T","body":"B"}"#
            #expect(await fixture.command("sms", #"{"to":"+33612345678",\#(data)}"#).isDone)
            #expect(await fixture.command("sms", #"{"to":"0612345678",\#(data)}"#).failureType != nil)
            await fixture.event("user.created", #"{"userId":"42"}"#)
            #expect(await fixture.command("in-app", #"{"to":42,\#(data)}"#).isDone)
            try await fixture.deliverAll()
            #expect(fixture.sms.contents.map(\.to) == ["+33612345678"])
            let shown = try await NotificationRecords(fixture.pool).inApp(
                of: .user("42"),
                onlyUnread: true,
                after: nil,
                limit: 10
            )
            #expect(shown.map(\.template) == ["message", "user_welcome"])
        }
    }
}
