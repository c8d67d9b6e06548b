import FlotillaOutbound
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct NotificationAPITests {
    private static let ada = #"{"userId":"u-1","email":"ada@example.com","name":"Ada","language":"fr"}"#
    private static let message = #"{"to":{"userId":"u-1"},"template":"message","data":{"title":"T","body":"B"}}"#

    private func withAPI(_ body: (APIFixture, NotificationFixture) async throws -> Void) async throws {
        try await NotificationFixture.with { fixture in
            try await APIFixture.with(fixture.pool, notifications: fixture.texts) { api in try await body(api, fixture)
            }
        }
    }

    @Test(arguments: ["/api/v1/notifications", "/api/notifications"])
    func `a mail asked for in the seed's shape can be followed in the seed's shape`(base: String) async throws {
        try await withAPI { api, fixture in
            let response = try await api.call("POST", "\(base)/email", NotificationCommandTests.seed)
            #expect(response.status == 201)
            let receipt = try response.data()
            #expect(receipt["status"] as? String == "queued")
            let id = try #require(receipt["notificationId"] as? String)
            #expect(response.header("Location") == "\(base)/\(id)/status")
            try await fixture.deliverAll()
            let status = try await api.call("GET", "\(base)/\(id)/status").data()
            #expect(status["type"] as? String == "email")
            #expect(status["status"] as? String == "sent")
            #expect(status["recipient"] as? String == "user@example.com")
            #expect(status["template"] as? String == "ticket_generated")
            #expect(status["provider"] as? String == "scripted")
            #expect(status["providerMessageId"] as? String == "m-\(id)")
            #expect(status["sentAt"] as? String != nil)
        }
    }

    @Test func `the same key sends once, and another body under it is refused`() async throws {
        try await withAPI { api, fixture in
            await fixture.event("user.created", Self.ada)
            let headers = ["Idempotency-Key": "k-1"]
            var ids: Set<String> = []
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        let response = try await api.call(
                            "POST",
                            "/api/v1/notifications/email",
                            Self.message,
                            headers: headers
                        )
                        return (response.status, try response.data()["notificationId"] as? String ?? "")
                    }
                }
                for try await (status, id) in group {
                    #expect(status == 201)
                    ids.insert(id)
                }
            }
            #expect(ids.count == 1)
            let other = Self.message.replacingOccurrences(of: #""T""#, with: #""U""#)
            let response = try await api.call("POST", "/api/v1/notifications/email", other, headers: headers)
            #expect(response.status == 422)
        }
    }

    @Test func `mistakes are answered with 422 and the field's name`() async throws {
        try await withAPI { api, _ in
            for (body, code, field) in [
                (
                    #"{"to":{"userId":"nobody"},"template":"message","data":{"title":"T","body":"B"}}"#,
                    "unknown_recipient", "to"
                ),
                (#"{"to":"a@example.com","template":"mesage"}"#, "unknown_template", "template"),
                (#"{"to":"a@example.com","template":"message","data":{"title":"T"}}"#, "missing_variable", "data.body"),
                (#"{"to":"a@example.com\r\nBcc: b","template":"message"}"#, "validation_failed", "to"),
                (#"{"to":["a@example.com","b@"],"template":"message"}"#, "validation_failed", "to.1"),
                (#"{"to":"a@example.com","template":"message","cc":"b"}"#, "validation_failed", "cc"),
            ] {
                let response = try await api.call("POST", "/api/v1/notifications/email", body)
                #expect(response.status == 422)
                #expect(try response.code() == code)
                #expect(response.body.contains(#""field":"\#(field)""#), "\(response.body)")
            }
        }
    }

    @Test func `history pages through what a filter chooses, and statistics add up`() async throws {
        try await withAPI { api, fixture in
            await fixture.event("user.created", Self.ada)
            for number in 0..<7 {
                await fixture.command(
                    "email",
                    #"{"to":"p\#(number)@example.com","template":"message","data":{"title":"T","body":"B"}}"#
                )
            }
            try await fixture.deliverAll()
            var seen: [String] = []
            var cursor = ""
            while true {
                let path = "/api/v1/notifications/history?template=message&status=sent&limit=3\(cursor)"
                let page = try await api.call("GET", path).data()
                seen += try #require(page["items"] as? [[String: Any]]).compactMap { $0["recipient"] as? String }
                guard let next = page["nextCursor"] as? String else { break }
                cursor = "&cursor=\(next)"
            }
            #expect(seen == (0..<7).reversed().map { "p\($0)@example.com" })
            let counts = try await api.call("GET", "/api/v1/notifications/statistics").data()
            #expect(counts["total"] as? Int == 9)
            for dimension in ["byTemplate", "byChannel", "byDay"] {
                let groups = try #require(counts[dimension] as? [[String: Any]])
                #expect(groups.compactMap { $0["total"] as? Int }.reduce(0, +) == 9, "\(dimension)")
            }
            let mine = try await api.call("GET", "/api/v1/notifications/history?recipient=user:u-1").data()
            #expect((mine["items"] as? [Any])?.count == 2)
        }
    }

    @Test func `all mistakes of a request are named at once`() async throws {
        try await withAPI { api, _ in
            let body =
                #"{"to":"nobody@","template":"message","options":{"priority":"low","language":"xx","timeZone":"Mars/Base","#
                + #""scheduledAt":"soon","colour":"red"}}"#
            let response = try await api.call("POST", "/api/v1/notifications/email", body)
            #expect(response.status == 422)
            let answer = response.body
            for field in [
                "to", "options.language", "options.timeZone", "options.scheduledAt", "options.priority",
                "options.colour",
            ] {
                #expect(answer.contains("\"\(field)\""), "\(answer)")
            }
        }
    }

    @Test func `an application lists, counts and marks what it shows`() async throws {
        try await withAPI { api, fixture in
            await fixture.event("user.created", Self.ada)
            for _ in 0..<3 {
                let response = try await api.call("POST", "/api/v1/notifications/in-app", Self.message)
                #expect(response.status == 201)
                let receipt = try response.data()
                #expect(receipt["status"] as? String == "sent")
                let status = try await api.call("GET", response.header("Location") ?? "").data()
                #expect(
                    receipt["sentAt"] as? String != nil && receipt["sentAt"] as? String == status["sentAt"] as? String
                )
            }
            let later = Self.message.dropLast() + #","options":{"scheduledAt":"2999-01-01T00:00:00Z"}}"#
            #expect(try await api.call("POST", "/api/v1/notifications/in-app", String(later)).status == 201)
            let list = try await api.call("GET", "/api/v1/notifications/in-app?userId=u-1").data()
            let items = try #require(list["items"] as? [[String: Any]])
            #expect(items.count == 4)
            #expect(list["unread"] as? Int == 4)
            let id = try #require(items[0]["notificationId"] as? String)
            let read = try await api.call("POST", "/api/v1/notifications/\(id)/read").data()
            #expect(read["isRead"] as? Bool == true)
            let unread = try await api.call("GET", "/api/v1/notifications/in-app?userId=u-1&unread=true").data()
            #expect((unread["items"] as? [Any])?.count == 3)
            let older = try await api.call("GET", "/api/notifications/in-app?userId=u-1&unread=true").data()
            #expect((older["items"] as? [Any])?.count == 3)
            let all = try await api.call("POST", "/api/notifications/in-app/read", #"{"userId":"u-1"}"#).data()
            #expect(all["changed"] as? Int == 3)
        }
    }

    @Test func `preferences are kept, and transactional mail can't be declined`() async throws {
        try await withAPI { api, _ in
            let path = "/api/v1/notifications/preferences/u-1"
            #expect(try await api.call("GET", "/api/notifications/preferences/u-1").status == 200)
            let body = #"{"preferences":[{"channel":"email","template":"*","allowed":false}]}"#
            #expect(try await api.call("PUT", path, body).status == 200)
            let kept = try await api.call("GET", path).data()["preferences"] as? [[String: Any]]
            #expect(kept?.count == 1)
            #expect(kept?.first?["allowed"] as? Bool == false)
            let wrong = #"""
                {"preferences":[{"channel":"email","template":"password_reset","allowed":false},
                                {"channel":"pigeon","template":"*","allowed":true},
                                {"channel":"sms","template":"nope","allowed":true},
                                {"channel":"sms","template":"*","allowed":true,"until":"2027"}]}
                """#
            let response = try await api.call("PUT", path, wrong)
            #expect(response.status == 422)
            for index in 0..<4 { #expect(response.body.contains("preferences.\(index)")) }
            #expect(response.body.contains("has until, which is not known"))
            let told = try await api.pool.query(
                SQLStatement(
                    """
                    SELECT count(*) FROM outbox WHERE routing_key = 'operator.acted'
                        AND convert_from(body, 'UTF8') LIKE '%"action":"preferences.change"%u-1%'
                    """
                )
            )
            #expect(told[0].int(0) == 1)
        }
    }

    @Test func `of preferences that come at the same time the last ones count, whole`() async throws {
        try await withAPI { api, _ in
            let path = "/api/v1/notifications/preferences/u-1"
            let templates = ["message", "user_welcome", "profile_submitted", "profile_validated", "profile_rejected"]
            // Each writer has choices of its own, in an order of its own.
            let bodies = (0..<24).map { number in
                let mine = (0...(number % 4)).map { templates[(number + $0) % templates.count] }
                let choices = mine.map { #"{"channel":"sms","template":"\#($0)","allowed":\#(number % 2 == 0)}"# }
                return #"{"preferences":[\#(choices.joined(separator: ","))]}"#
            }
            func choices(_ data: [String: Any]) -> Set<String> {
                let list = data["preferences"] as? [[String: Any]] ?? []
                return Set(list.map { "\($0["template"] ?? "") \($0["allowed"] ?? "")" })
            }
            try await withThrowingTaskGroup { group in
                for body in bodies {
                    group.addTask {
                        let response = try await api.call("PUT", path, body)
                        #expect(response.status == 200, "\(response.body)")
                        let wanted = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] ?? [:]
                        #expect(choices(try response.data()) == choices(wanted))
                    }
                }
                try await group.waitForAll()
            }
            let kept = choices(try await api.call("GET", path).data())
            let wanted = try bodies.map { body in
                choices(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] ?? [:])
            }
            #expect(wanted.contains(kept), "\(kept)")
        }
    }

    @Test func `the link in marketing mail asks first, and one click is enough for a mail client`() async throws {
        try await withAPI { api, fixture in
            let news = #"{"to":"n@example.com","template":"announcement","data":{"title":"T","body":"B"}}"#
            #expect(await fixture.command("email", news).isDone)
            try await fixture.deliverAll()
            let mail = try #require(fixture.mail.contents.first)
            let url = try #require(mail.unsubscribeURL)
            #expect(mail.html?.contains(url) == true)
            let path = String(url.dropFirst("https://fleet.example".count))
            let page = try await api.call("GET", path, key: "none")
            #expect(page.status == 200)
            #expect(page.body.contains("<form method=\"post\""))
            let before = try await fixture.strings("SELECT 1 FROM notification_preferences")
            #expect(before.isEmpty)
            #expect(try await api.call("POST", path, key: "none").status == 200)
            let after = try await fixture.strings("SELECT recipient || ' ' || template FROM notification_preferences")
            #expect(after == ["address:n@example.com *"])
            let foreign = "/api/v1/notifications/unsubscribe?token=00000000-0000-7000-8000-000000000000"
            #expect(try await api.call("POST", foreign, key: "none").status == 404)
        }
    }
}
