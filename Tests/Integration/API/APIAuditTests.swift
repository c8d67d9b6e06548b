@testable import FlotillaAudit
import FlotillaHTTPRouting
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIAuditTests {
    func with(_ scopes: Set<Scope>, _ body: (APIFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = try AuditWorkerTests.harness(database.pool)
            for batch in 0..<4 {
                #expect(await harness.handle(AuditWorkerTests.inputs(batch * 30..<batch * 30 + 30)).areDone)
            }
            let inputs = [
                AuditPrivacyTests.input("m-ann"),
                AuditPrivacyTests.input("s", "import.started", #"{"importId":"i","adminId":"x"}"#),
                AuditPrivacyTests.input("e", "import.completed", #"{"importId":"i","results":{"ok":3}}"#),
            ]
            for input in inputs { #expect(await harness.handle([input]).areDone) }
            let log = AuditLog(database.pool, privacy: try AuditWorkerTests.privacy(database.pool))
            try await APIFixture.with(database.pool, audit: log, scopes: scopes, body)
        }
    }

    func items(_ response: Response) throws -> [[String: Any]] {
        try response.data()["items"] as? [[String: Any]] ?? []
    }

    @Test func `pages follow each other from the newest row to the oldest, each row once`() async throws {
        try await with([.operate]) { api async throws in
            var seen: [String] = []
            var cursor = ""
            repeat {
                let response = try await api.call("GET", "/api/v1/audit?limit=50" + cursor)
                #expect(response.status == 200)
                seen += try items(response).compactMap { $0["id"] as? String }
                cursor = (try response.data()["nextCursor"] as? String).map { "&cursor=" + $0 } ?? ""
            } while !cursor.isEmpty
            #expect(seen.count == 123 && Set(seen).count == 123)
        }
    }

    @Test func `filters narrow the rows, and personal data need the scope for them`() async throws {
        try await with([.operate]) { api async throws in
            let one = try items(try await api.call("GET", "/api/v1/audit?event=user.*"))
            #expect(one.count == 1 && one[0]["personalData"] as? String == "sealed")
            #expect((one[0]["body"] as? [String: Any])?["email"] as? String == "sealed")
            for (query, count) in [
                ("subject=p-3", 1), ("actor=u", 50), ("correlationId=corr-9", 1), ("messageId=m-77", 1),
                ("from=2999-01-01", 0), ("to=2000-01-01", 0), ("service=x", 0), ("event=import.started", 1),
            ] {
                #expect(try items(try await api.call("GET", "/api/v1/audit?" + query)).count == count, "\(query)")
            }
            for query in ["cursor=x", "limit=0", "from=soon", "colour=red"] {
                #expect(try await api.call("GET", "/api/v1/audit?" + query).status == 422, "\(query)")
            }
        }
        try await with([.operate, .readPersonal]) { api async throws in
            let one = try items(try await api.call("GET", "/api/v1/audit?subject=u-1"))
            #expect((one[0]["body"] as? [String: Any])?["email"] as? String == "ann.lee@example.com")
        }
    }

    @Test func `a row tells of its action and comes with the other end of it`() async throws {
        try await with([.operate]) { api async throws in
            let started = try #require(try items(try await api.call("GET", "/api/v1/audit?event=import.started")).first)
            let id = try #require(started["id"] as? String)
            let row = try await api.call("GET", "/api/v1/audit/" + id).data()
            let action = try #require(row["action"] as? [String: Any])
            #expect(action["status"] as? String == "completed" && action["durationMs"] is Int)
            let linked = try #require((row["linked"] as? [[String: Any]])?.first)
            #expect(linked["event"] as? String == "import.completed")
            #expect(try await api.call("GET", "/api/v1/audit/9-999").status == 404)
            #expect(try await api.call("GET", "/api/v1/audit/x").status == 422)
        }
    }

    @Test func `accesses say who saw what`() async throws {
        try await with([.operate]) { api async throws in
            let seen = try items(try await api.call("GET", "/api/v1/audit/access-logs?resource=p-5"))
            #expect(seen.count == 1)
            #expect(seen[0]["viewer"] as? String == "u" && seen[0]["type"] as? String == "profile")
            #expect(seen[0]["messageId"] as? String == "m-5")
            #expect(try items(try await api.call("GET", "/api/v1/audit/access-logs?type=document")).isEmpty)
        }
    }

    @Test func `a key that may only read does not see the audit log`() async throws {
        try await with([.read, .enqueue]) { api async throws in
            for path in ["", "/access-logs", "/1-1"] {
                #expect(try await api.call("GET", "/api/v1/audit" + path).status == 403)
            }
        }
    }
}
