import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

/// What a key must not be able to do to others.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIAccessTests {
    /// Each changed money, rights or people with a key that may enqueue.
    private static let attacks: [(path: String, body: String)] = [
        ("events", #"{"type":"payment.succeeded","data":{"companyId":"c-1","plan":"enterprise"}}"#),
        ("events", #"{"type":"token.purchased","data":{"companyId":"c-1","tokens":1000000}}"#),
        ("events", #"{"type":"subscription.cancelled","data":{"companyId":"victim","immediate":true}}"#),
        ("events", #"{"type":"ticket.cancelled","data":{"ticketId":1,"ticketCode":"TKT-1","eventId":77}}"#),
        (
            "events",
            #"{"type":"user.created","data":{"userId":"x","email":"attacker@example.com","roles":["admin","hr"]}}"#
        ),
        ("events", #"{"type":"user.deleted","data":{"userId":"victim"}}"#),
        (
            "jobs",
            #"{"type":"audit.write","payload":{"event":"admin.login","actor":"ceo","occurredAt":"2020-01-01T00:00:00Z"}}"#
        ), ("jobs", #"{"type":"webhook.deliver","payload":{}}"#),
        ("jobs", #"{"type":"notification.deliver.email","payload":{}}"#),
        ("jobs", #"{"type":"notification.deliver.email.urgent","payload":{}}"#),
        ("jobs", #"{"type":"notification.deliver.sms","payload":{}}"#),
        ("jobs", #"{"type":"notification.email","payload":{"to":"a@example.com"}}"#),
    ]

    @Test func `with enqueue alone nobody gets a plan, tokens, a role, another's erasure or an audit row`() async throws
    {
        try await AccessTableTests.withServer { api, _ async throws in
            let key = try await APIKeys(api.pool).create(name: "enqueue", scopes: [.enqueue])
            for attack in Self.attacks {
                let response = try await api.call("POST", "/api/v1/\(attack.path)", attack.body, key: key.revealed)
                #expect(response.status == 403, "\(attack.body)")
                let code = try response.code()
                #expect(["fleet_only", "not_granted"].contains(code), "\(attack.body)")
            }
            // What tells of the refusals themselves is there.
            for table in ["outbox WHERE routing_key <> 'request.denied'", "jobs"] {
                let rows = try await api.pool.query(SQLStatement("SELECT count(*) FROM \(table)"))
                #expect(rows[0].int(0) == 0)
            }
        }
    }

    @Test func `nobody changes another's preferences, or sends to anybody, with enqueue`() async throws {
        try await NotificationFixture.with { fixture async throws in
            try await APIFixture.with(fixture.pool, notifications: fixture.texts, scopes: [.enqueue, .read]) {
                api async throws in
                let choices = #"{"preferences":[{"channel":"email","template":"*","allowed":false}]}"#
                for base in ["/api/v1/notifications", "/api/notifications"] {
                    #expect(try await api.call("PUT", "\(base)/preferences/victim", choices).status == 403)
                    #expect(try await api.call("GET", "\(base)/preferences/victim").status == 403)
                    let message = #"{"to":"a@example.com","template":"message","data":{"title":"t","body":"b"}}"#
                    #expect(try await api.call("POST", "\(base)/email", message).status == 403)
                    #expect(try await api.call("POST", "\(base)/in-app/read", #"{"userId":"victim"}"#).status == 403)
                    #expect(try await api.call("GET", "\(base)/in-app?userId=victim").status == 403)
                }
                #expect(try await fixture.strings("SELECT recipient FROM notification_preferences").isEmpty)
                #expect(try await fixture.strings("SELECT id::text FROM notifications").isEmpty)
            }
        }
    }

    private func enqueue(_ api: APIFixture, _ key: APIKey) async throws -> String {
        let job = #"{"type":"audit.write","payload":{"email":"ann@example.com"}}"#
        return try #require(try await api.call("POST", "/api/v1/jobs", job, key: key.revealed).data()["id"] as? String)
    }

    @Test func `who has enqueued a job follows it with enqueue alone, and no other's`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await APIFixture.with(database.pool) { api async throws in
                let keys = APIKeys(database.pool)
                let grants = Grants(jobs: ["audit.write"])
                // Of the same name, which is no proof of anything.
                let own = try await keys.create(name: "shop", scopes: [.enqueue], grants: grants)
                let other = try await keys.create(name: "shop", scopes: [.enqueue], grants: grants)
                let id = try await enqueue(api, own)
                _ = try await database.pool.query(
                    Jobs.succeeded(id, attempts: 1, result: #"{"url":"https://a.example/1"}"#)
                )
                let path = "/api/v1/jobs/\(id)"
                let shown = try await api.call("GET", path, key: own.revealed).data()
                #expect(shown["state"] as? String == "succeeded")
                #expect((shown["result"] as? [String: String]) == ["url": "https://a.example/1"])
                #expect(shown["payload"] as? String == "***")
                #expect(shown["createdBy"] as? String == "key:\(own.id)")
                #expect(try await api.call("GET", path, key: other.revealed).status == 404)
                #expect(try await api.call("GET", "/api/v1/jobs", key: own.revealed).status == 403)
            }
        }
    }

    @Test func `a reader sees no payload, result or address of a job, in lists neither`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await APIFixture.with(database.pool) { api async throws in
                let reader = try await APIKeys(database.pool).create(name: "reader", scopes: [.read])
                let id = try await enqueue(api, api.key)
                _ = try await database.pool.query(
                    SQLStatement(
                        """
                        UPDATE jobs SET state = 'dead', error_type = 'refused', error_message = 'no such box: ann@example.com',
                            result = '{"to":"ann@example.com"}', finished_at = now()
                        """
                    )
                )
                for path in ["/api/v1/jobs/\(id)", "/api/v1/jobs"] {
                    let response = try await api.call("GET", path, key: reader.revealed)
                    #expect(response.status == 200 && response.body.contains("no such box: ***"), "\(path)")
                    #expect(!response.body.contains("ann@example.com"), "\(path)")
                    #expect(try await api.call("GET", path).body.contains("ann@example.com"), "\(path)")
                }
            }
        }
    }

    @Test func `a reader does not find out by a search what an error message is masked for`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await APIFixture.with(database.pool) { api async throws in
                let reader = try await APIKeys(database.pool).create(name: "reader", scopes: [.read])
                let id = try await enqueue(api, api.key)
                let failure = SQLStatement("UPDATE jobs SET error_message = 'no such box: ann@example.com'")
                _ = try await database.pool.query(failure)
                for (text, sees) in [("ann@example", false), ("such", false), ("audit", true), (id, true)] {
                    let path = "/api/v1/jobs?q=\(text)"
                    let masked = try await api.call("GET", path, key: reader.revealed)
                    #expect(masked.status == 200 && masked.body.contains(id) == sees, "\(text)")
                    #expect(try await api.call("GET", path).body.contains(id), "\(text)")
                }
            }
        }
    }

    @Test func `a reader sees no address or subject of a notification`() async throws {
        try await NotificationFixture.with { fixture async throws in
            try await APIFixture.with(fixture.pool, notifications: fixture.texts) { api async throws in
                let reader = try await APIKeys(fixture.pool).create(name: "reader", scopes: [.read])
                let sent = try await api.call("POST", "/api/v1/notifications/email", NotificationCommandTests.seed)
                let status = try #require(sent.header("Location"))
                for path in [status, "/api/v1/notifications/history"] {
                    let masked = try await api.call("GET", path, key: reader.revealed)
                    #expect(masked.status == 200 && masked.body.contains(#""recipient":"***","subject":"***""#))
                    #expect(!masked.body.contains("@example.com"))
                    #expect(try await api.call("GET", path).body.contains("user@example.com"))
                }
            }
        }
    }

    @Test func `a reader sees no code, token, link or guest of a ticket`() async throws {
        try await ScanFixture.with(scopes: [.read]) { fixture async throws in
            _ = try await fixture.ticket("1002", code: "TKT-SECRET")
            for path in ["/api/v1/tickets/1002", "/api/v1/tickets"] {
                let shown = try await fixture.api.call("GET", path)
                #expect(shown.status == 200 && shown.body.contains(#""ticketId":1002"#))
                for secret in ["TKT-SECRET", "Ann Lee", "http://x", #""qrCodeData":"x""#] {
                    #expect(!shown.body.contains(secret), "\(path) \(secret)")
                }
                let full = try await APIKeys(fixture.pool).create(name: "full", scopes: [.read, .readPersonal])
                #expect(try await fixture.api.call("GET", path, key: full.revealed).body.contains("Ann Lee"))
            }
        }
    }

    @Test func `tickets are made for who has a grant for their jobs`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await APIFixture.with(database.pool) { api async throws in
                let keys = APIKeys(database.pool)
                let other = try await keys.create(name: "o", scopes: [.enqueue], grants: Grants(jobs: ["audit.write"]))
                let shop = try await keys.create(
                    name: "shop",
                    scopes: [.enqueue],
                    grants: Grants(jobs: ["ticket.generation.requested"])
                )
                let body = TicketFixture.job(tickets: [TicketFixture.ticket(1)])
                for path in ["/api/v1/tickets/generate", "/api/tickets/generate"] {
                    let refused = try await api.call("POST", path, body, key: other.revealed)
                    #expect(refused.status == 403)
                    #expect(try refused.code() == "not_granted")
                    #expect(try await api.call("POST", path, body, key: shop.revealed).status == 202)
                }
            }
        }
    }

    @Test func `a key's last use is written, and its grants hold as soon as they are changed`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await APIFixture.with(database.pool) { api async throws in
                let keys = APIKeys(database.pool)
                let key = try await keys.create(name: "shop", scopes: [.enqueue])
                #expect(try await keys.find(key.id)?.lastUsedAt == nil)
                let event = #"{"type":"payment.succeeded","data":{}}"#
                #expect(try await api.call("POST", "/api/v1/events", event, key: key.revealed).status == 403)
                try await eventually("the use is written") { try await keys.find(key.id)?.lastUsedAt != nil }
                let grants = Grants(events: ["default", "payment.succeeded"])
                let note = SQLStatement("INSERT INTO queue_marks (queue) VALUES ('told')")
                #expect(try await keys.change(key.id, scopes: [.enqueue], grants: grants, record: [note]))
                #expect(try await database.count("SELECT count(*) FROM queue_marks") == 1)
                #expect(try await keys.find(key.id)?.grants == grants)
                try await eventually("the new grant holds") {
                    try await api.call("POST", "/api/v1/events", event, key: key.revealed).status == 202
                }
                #expect(try await keys.revoke(key.id))
                let failing = SQLStatement("SELECT 1 / 0")
                #expect(try await !keys.change(key.id, scopes: [.admin], grants: Grants(), record: [failing]))
            }
        }
    }

    @Test func `an earlier use than the written one changes nothing`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let keys = APIKeys(database.pool)
            let key = try await keys.create(name: "shop", scopes: [.enqueue])
            let uses = KeyUses()
            let now = ContinuousClock.now
            uses.note(key.id, at: now)
            try await uses.flush(at: now) { try await keys.note($0) }
            let first = try #require(try await keys.find(key.id)?.lastUsedAt)
            let late = KeyUses()
            late.note(key.id, at: now - .seconds(300))
            try await late.flush(at: now) { try await keys.note($0) }
            #expect(try await keys.find(key.id)?.lastUsedAt == first)
        }
    }
}
