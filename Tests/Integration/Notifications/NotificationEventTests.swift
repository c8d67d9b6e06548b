import FlotillaModels
import FlotillaModules
import FlotillaOutbound
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct NotificationEventTests {
    private static let ada = #"""
        {"userId":"u-1","email":"ada@example.com","firstName":"Ada","lastName":"Lovelace","language":"fr",
         "role":"RH","occurredAt":"2026-01-30T03:00:00Z"}
        """#

    @Test func `ten deliveries of an event are one mail and one line in the application`() async throws {
        try await NotificationFixture.with { fixture in
            for _ in 0..<10 { #expect(await fixture.event("user.created", Self.ada, id: "e-1").isDone) }
            let found1 = try await fixture.summary()
            #expect(found1 == ["email user_welcome queued", "in-app user_welcome sent"])
            let waiting = try await fixture.waiting()
            let id = try #require(waiting.first)
            await withTaskGroup { group in
                for _ in 0..<10 { group.addTask { await fixture.deliver(id) } }
            }
            #expect(fixture.mail.contents.count == 1)
            #expect(fixture.mail.contents.first?.to == .init(name: "Ada Lovelace", address: "ada@example.com"))
            let found2 = try await fixture.summary()
            #expect(found2 == ["email user_welcome sent", "in-app user_welcome sent"])
            let found3 = try await fixture.published()
            #expect(found3 == ["notification.sent", "notification.sent"])
        }
    }

    @Test func `a recipient is what the newest event says, in whatever order events come`() async throws {
        let events = [
            ("user.created", Self.ada),
            (
                "user.updated",
                #"{"userId":"u-1","email":"new@example.com","role":"admin","occurredAt":"2026-02-01T00:00:00Z"}"#
            ),
            ("user.updated", #"{"userId":"u-1","phone":"+33612345678","occurredAt":"2026-01-31T00:00:00Z"}"#),
            ("user.role_changed", #"{"userId":"u-1","newRole":"HR","occurredAt":"2026-02-02T00:00:00Z"}"#),
        ]
        let expected = "u: Ada Lovelace new@example.com +33612345678 fr hr"
        for shift in 0..<events.count {
            try await NotificationFixture.with { fixture in
                for (name, body) in events[shift...] + events[..<shift] {
                    #expect(await fixture.event(name, body).isDone)
                }
                let row = try await fixture.strings(
                    "SELECT concat_ws(' ', 'u:', name, email, phone, language, array_to_string(roles, ',')) FROM recipients"
                )
                #expect(row == [expected])
            }
        }
    }

    @Test func `an event from the year 9999 wins against no later one`() async throws {
        try await NotificationFixture.with { fixture in
            await fixture.event("user.created", Self.ada)
            let forged = #"{"userId":"u-1","email":"attacker@example.com","timestamp":"9999-01-01T00:00:00Z"}"#
            #expect(await fixture.event("user.updated", forged).isDone)
            #expect(await fixture.event("user.updated", #"{"userId":"u-1","email":"true@example.com"}"#).isDone)
            let found = try await fixture.strings("SELECT email FROM recipients")
            #expect(found == ["true@example.com"])
        }
    }

    @Test func `recipients that an event from the future had taken are given back`() async throws {
        let schema = try FleetProgram.schema()
        let before = schema.map { module in
            SchemaModule(module.name, module.migrations.filter { module.name != "notifications" || $0.number < 2 })
        }
        try await TestDatabase.with(schema: before) { database async throws in
            _ = try await database.pool.query(
                SQLStatement(
                    """
                    INSERT INTO recipients (key, email, name, times, updated_at) VALUES
                        ('user:u-1', 'attacker@example.com', 'Ada',
                            '{"email": 253370764800000000, "name": 1769742000000000}', '2026-01-30T05:00:00Z'),
                        ('user:u-2', NULL, NULL, '{}', '2026-01-30T05:00:00Z')
                    """
                )
            )
            _ = try await Migrations.apply(to: database.pool, schema)
            let rows = try await database.pool.query(
                SQLStatement(
                    "SELECT (times->>'email')::bigint, (times->>'name')::bigint FROM recipients ORDER BY key"
                )
            )
            #expect(rows[0].int(0) == 1_769_749_200_000_000 && rows[0].int(1) == 1_769_742_000_000_000)
            #expect(rows[1].int(0) == nil)
        }
    }

    @Test func `whoever is deleted is forgotten and reached no more, whatever comes late`() async throws {
        try await NotificationFixture.with { fixture in
            await fixture.event("user.created", Self.ada)
            await fixture.event("user.deleted", #"{"userId":"u-1","occurredAt":"2026-03-01T00:00:00Z"}"#)
            await fixture.event("user.updated", #"{"userId":"u-1","email":"ada@example.com"}"#)
            let found4 = try await fixture.strings("SELECT coalesce(name, email, phone) FROM recipients")
            #expect(found4 == ["NULL"])
            let result = await fixture.event("profile.validated", #"{"userId":"u-1"}"#)
            #expect(result.failureType == "unknown_recipient")
        }
    }

    @Test func `an unknown recipient is a failure that says so, and leaves nothing behind`() async throws {
        try await NotificationFixture.with { fixture in
            let result = await fixture.event("profile.validated", #"{"candidateId":"nobody"}"#)
            #expect(result.failureType == "unknown_recipient")
            #expect(result.failureText.contains("nobody"))
            let found5 = try await fixture.summary()
            #expect(found5 == [])
            let found6 = try await fixture.strings("SELECT 1 FROM inbox")
            #expect(found6 == [])
        }
    }

    @Test func `people are notified of every event by its template`() async throws {
        let people = [
            Self.ada, #"{"userId":"u-2","email":"bob@example.com","name":"Bob","role":"admin","companyId":"c-1"}"#,
            #"{"userId":"u-3","email":"eve@example.com","name":"Eve"}"#,
        ]
        let cases: [(event: String, body: String, expected: [String])] = [
            ("user.password.reset", #"{"userId":"u-3","resetUrl":"https://x.example/r"}"#, ["password_reset u-3"]),
            (
                "profile.submitted", #"{"profileId":"p","userId":"u-3"}"#,
                ["profile_submitted u-3", "profile_to_review u-1"]
            ),
            ("profile.validated", #"{"profileId":"p","candidateId":"u-3"}"#, ["profile_validated u-3"]),
            ("profile.rejected", #"{"candidateId":"u-3","reason":"incomplet"}"#, ["profile_rejected u-3"]),
            (
                "interview.scheduled", #"{"candidateId":"u-3","scheduledAt":"2026-06-15T09:00:00Z"}"#,
                ["interview_scheduled u-3"]
            ),
            ("payment.succeeded", #"{"companyId":"c-1","plan":"pro"}"#, ["payment_succeeded u-2"]),
            ("subscription.expired", #"{"companyId":"c-1","plan":"pro"}"#, ["subscription_expired u-2"]),
            ("subscription.cancelled", #"{"companyId":"c-1"}"#, ["subscription_cancelled u-2"]),
            (
                "quota.warning", #"{"companyId":"c-1","kind":"profile_views","limit":10,"used":8}"#,
                ["quota_warning u-2"]
            ),
            (
                "quota.exceeded", #"{"companyId":"c-1","kind":"profile_views","limit":10,"used":10}"#,
                ["quota_exceeded u-2"]
            ),
            ("customer.validated", #"{"customerId":"k","email":"k@example.com","name":"K"}"#, ["customer_validated k"]),
            ("customer.suspended", #"{"customerId":"k","reason":"impayé"}"#, ["customer_suspended k"]),
            ("customer.reactivated", #"{"customerId":"k"}"#, ["customer_reactivated k"]),
            (
                "session.created",
                #"{"sessionId":"s","mentorId":"u-1","menteeId":"u-3","meetingUrl":"https://meet.example/1"}"#,
                ["session_created u-1", "session_created u-3"]
            ),
            ("matching.suggested", #"{"menteeId":"u-3","matches":4}"#, ["matching_suggested u-1"]),
            ("import.completed", #"{"adminId":"u-2","stats":{"success":9,"failed":1}}"#, ["import_completed u-2"]),
            ("import.failed", #"{"adminId":"u-2","error":"row 3"}"#, ["import_failed u-2"]),
            (
                "report.generated",
                #"{"type":"monthly","alerts":["Trop de rejets"],"reportUrls":["https://r.example/a.pdf"]}"#,
                ["report_generated u-1"]
            ),
            ("report.generated", #"{"type":"monthly","alerts":[]}"#, []),
            (
                "config.updated", #"{"updatedBy":"u-2","changes":{"maxUsers":{"old":1,"new":2}}}"#,
                ["config_updated u-2"]
            ),
            (
                "ticket.completed",
                #"""
                {"eventType":"ticket.completed","data":{"eventTitle":"Gala","organizerId":"u-2","tickets":[
                  {"ticketId":1,"guestEmail":"g@example.com","guestName":"G","fileUrl":"https://t.example/1","success":true},
                  {"ticketId":2,"guestEmail":"h@example.com","success":false}],
                  "summary":{"total":2,"successful":1,"failed":1}}}
                """#,
                ["ticket_generated g@example.com", "tickets_ready u-2"]
            ),
        ]
        try await NotificationFixture.with { fixture in
            for person in people { #expect(await fixture.event("user.created", person).isDone) }
            try await fixture.deliverAll()
            for (event, body, expected) in cases {
                let id = "case \(event) \(body.count)"
                let result = await fixture.event(event, body, id: id)
                #expect(result.isDone, "\(event): \(result.failureText)")
                let reported = try await fixture.strings(
                    """
                    SELECT n.template || ' ' || split_part(n.recipient, ':', 2) FROM notifications n
                    JOIN notification_requests r ON r.id = n.request_id
                    WHERE r.cause = $1 AND n.channel = 'email' ORDER BY 1
                    """,
                    [.text(id)]
                )
                #expect(reported == expected, "\(event)")
            }
            try await fixture.deliverAll()
            let found7 = try await fixture.waiting()
            #expect(found7 == [])
            let found8 = try await fixture.strings("SELECT reason FROM notifications WHERE status = 'failed'")
            #expect(found8 == [])
        }
    }

    @Test func `what an event lacks is named, and spends no retries`() async throws {
        try await NotificationFixture.with { fixture in
            await fixture.event("user.created", Self.ada)
            for (event, body, field) in [
                ("interview.scheduled", #"{"candidateId":"u-1"}"#, "startsAt"),
                ("session.created", #"{"mentorId":"u-1","menteeId":"u-1"}"#, "meetingUrl"),
                ("quota.warning", #"{"companyId":"c","kind":"x","limit":1}"#, "used"),
                ("user.password.reset", #"{"userId":"u-1"}"#, "reset_url"),
                ("profile.validated", #"{}"#, "userId"), ("profile.validated", #"[]"#, ""),
            ] {
                let result = await fixture.event(event, body)
                #expect(result.isPermanent, "\(event)")
                #expect(result.failureText.contains(field), "\(event): \(result.failureText)")
            }
        }
    }

    @Test func `a guest or an organiser who can't be notified keeps no other guest from a ticket`() async throws {
        let long = String(repeating: "x", count: 400) + "@example.com"
        let guests = [
            #""guestEmail":"g@example.com","guestName":"G","fileUrl":"https://t.example/1""#,
            #""guestEmail":"no address","guestName":"N","fileUrl":"https://t.example/2""#,
            #""guestEmail":"\#(long)","guestName":"L","fileUrl":"https://t.example/3""#,
            #""guestEmail":"z\u0000@example.com","guestName":"Z","fileUrl":"https://t.example/4""#,
            #""guestEmail":"i@example.com","guestName":"I\r\nBcc: b@example.com","fileUrl":"https://t.example/5""#,
            #""guestEmail":"u@example.com","guestName":"U""#,
            #""guestEmail":"h@example.com","guestName":"H","fileUrl":"https://t.example/6""#,
        ]
        let body = #"""
            {"data":{"eventId":"e-1","eventTitle":"Gala","organizerId":"nobody",
             "tickets":[\#(guests.map { "{\($0),\"success\":true}" }.joined(separator: ","))],
             "summary":{"total":7,"successful":7,"failed":0}}}
            """#
        try await NotificationFixture.with { fixture in
            let result = await fixture.event("ticket.completed", body, id: "t-1")
            #expect(result.isDone, "\(result.failureText)")
            try await fixture.deliverAll()
            #expect(fixture.mail.contents.map(\.to.address) == ["g@example.com", "h@example.com"])
            let failed = try await fixture.strings(
                "SELECT template || ': ' || reason FROM notifications WHERE status = 'failed' ORDER BY id"
            )
            #expect(failed.count == 6)
            for (reason, words) in zip(
                failed,
                ["one @", "longer than 254", "control character", "to.name", "ticket_url", "the user nobody"]
            ) { #expect(reason.contains(words), "\(reason)") }
            let events = try await fixture.published()
            #expect(events.count { $0 == "notification.failed" } == 6)
        }
    }
}
