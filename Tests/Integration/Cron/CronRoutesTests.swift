@testable import FlotillaCron
import FlotillaHTTPRouting
import FlotillaStorage
import FlotillaTestSupport
import Testing

/// `/api/v1/cron`.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct CronRoutesTests {
    private static let nightly = """
        {"type":"audit.write","schedule":"30 2 * * *","zone":"Europe/Berlin","payload":{"action":"CHECK"},"overlap":"skip",\
        "catchUp":"2h","jitter":"30s","pauseOnFailure":true,"priority":4,"maxAttempts":2,"expiresAfter":"6h"}
        """

    private func with(
        _ scopes: Set<Scope> = [.read, .readPersonal, .operate, .enqueue],
        grants: Grants = Grants(events: ["#"], jobs: ["#"]),
        _ body: (APIFixture) async throws -> Void
    ) async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool, scopes: scopes, grants: grants, body)
        }
    }

    @Test func `an entry is declared, shown, changed and removed, and the audit log is told`() async throws {
        try await with { api async throws in
            let path = "/api/v1/cron/nightly"
            #expect(try await api.call("GET", path).status == 404)
            let made = try await api.call("PUT", path, Self.nightly)
            #expect(made.status == 200)
            let data = try made.data()
            #expect(data["zone"] as? String == "Europe/Berlin" && data["catchUp"] as? String == "2h")
            #expect(data["source"] as? String == "api" && data["state"] as? String == "active")
            #expect(
                (data["upcoming"] as? [String])?.count == 5
                    && (data["nextLocal"] as? String)?.contains("02:30:00 +0") == true
            )
            #expect((data["payload"] as? [String: String]) == ["action": "CHECK"])
            let changed = try await api.call("PUT", path, #"{"type":"audit.write","schedule":"@hourly"}"#)
            #expect(try changed.data()["schedule"] as? String == "@hourly")
            let list = try await api.call("GET", "/api/v1/cron").data()["items"] as? [[String: Any]]
            #expect(list?.map { $0["name"] as? String } == ["nightly"] && list?[0]["payload"] == nil)
            #expect(try await api.call("DELETE", path).status == 200)
            #expect(try await api.call("DELETE", path).status == 404)
            let told = """
                SELECT count(*) FROM outbox WHERE routing_key = 'operator.acted'
                    AND convert_from(body, 'UTF8') ~ 'cron[.](put|delete).*nightly'
                """
            #expect(try await api.pool.query(SQLStatement(told))[0].int(0) == 3)
        }
    }

    @Test func `every mistake of a declaration is told at once`() async throws {
        try await with { api async throws in
            let body = """
                {"type":"audit.write","schedule":"0 0 30 2 *","zone":"Europe/Berlim","catchUp":"1s","jitter":"2d"}
                """
            let answer = try await api.call("PUT", "/api/v1/cron/Nightly!", body)
            #expect(answer.status == 422)
            let details = (try answer.object()["error"] as? [String: Any])?["details"] as? [[String: String]]
            #expect(details?.compactMap { $0["field"] } == ["name", "zone", "schedule", "catchUp", "jitter"])
            let unknown = try await api.call("PUT", "/api/v1/cron/a", #"{"type":"no.such","schedule":"@daily"}"#)
            #expect(unknown.status == 422 && unknown.body.contains("there are audit.write"))
        }
    }

    @Test func `a declaration needs a grant for the type, and reading does not change`() async throws {
        try await with([.operate, .enqueue], grants: Grants(events: [], jobs: ["other.*"])) { api async throws in
            let answer = try await api.call("PUT", "/api/v1/cron/nightly", Self.nightly)
            #expect(answer.status == 403)
            #expect(try answer.code() == "not_granted")
        }
        try await with([.read]) { api async throws in
            #expect(try await api.call("GET", "/api/v1/cron").status == 200)
            for verb in ["pause", "resume", "trigger", "backfill"] {
                #expect(try await api.call("POST", "/api/v1/cron/nightly/\(verb)", "{}").status == 403)
            }
            #expect(try await api.call("DELETE", "/api/v1/cron/nightly").status == 403)
        }
    }

    @Test func `pause, resume, trigger and backfill`() async throws {
        try await with { api async throws in
            let path = "/api/v1/cron/nightly"
            _ = try await api.call("PUT", path, Self.nightly)
            let paused = try await api.call("POST", "\(path)/pause", #"{"note":"moving house"}"#).data()
            #expect(paused["state"] as? String == "paused" && paused["nextAt"] == nil)
            #expect((paused["paused"] as? [String: String])?["note"] == "moving house")
            let run = try await api.call("POST", "\(path)/trigger")
            #expect(run.status == 202)
            let job = try #require(try run.data()["jobId"] as? String)
            let again = try await api.call("POST", "\(path)/trigger")
            #expect(again.status == 409)
            #expect(try again.code() == "unfinished")
            #expect(try await api.call("POST", "\(path)/trigger?overlap=allow").status == 202)
            #expect(try await api.call("GET", "/api/v1/jobs/\(job)").status == 200)
            let resumed = try await api.call("POST", "\(path)/resume").data()
            #expect(resumed["state"] as? String == "active")
            let days = #"{"from":"2026-03-27T00:00:00Z","to":"2026-03-31T00:00:00Z"}"#
            let filled = try await api.call("POST", "\(path)/backfill", days)
            #expect(filled.status == 202)
            #expect((try filled.data()["jobIds"] as? [String])?.count == 4)
            let repeated = try await api.call("POST", "\(path)/backfill", days).data()
            #expect(repeated["existing"] as? Int == 4)
            let many = #"{"from":"2025-03-27T00:00:00Z","to":"2026-03-31T00:00:00Z"}"#
            #expect(try await api.call("POST", "\(path)/backfill", many).code() == "too_many")
        }
    }
}
