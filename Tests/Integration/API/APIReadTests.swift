import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIReadTests {
    private func withAPI(_ body: (APIFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in try await APIFixture.with(database.pool, body) }
    }

    private func enqueue(_ payload: String, _ api: APIFixture) async throws -> String {
        let response = try await api.call("POST", "/api/v1/jobs", #"{"type":"audit.write","payload":\#(payload)}"#)
        return try #require(try response.data()["id"] as? String)
    }

    @Test func `a job is shown with its payload, and its end with result or error`() async throws {
        try await withAPI { api in
            let id = try await enqueue(#"{"a":[1,2]}"#, api)
            let queued = try await api.call("GET", "/api/v1/jobs/\(id)").data()
            #expect(queued["state"] as? String == "queued")
            #expect((queued["payload"] as? [String: [Int]]) == ["a": [1, 2]])
            _ = try await api.pool.query(Jobs.succeeded(id, attempts: 2, result: #"{"rows":3}"#))
            let done = try await api.call("GET", "/api/v1/jobs/\(id.uppercased())").data()
            #expect(done["state"] as? String == "succeeded")
            #expect(done["attempts"] as? Int == 2)
            #expect((done["result"] as? [String: Int]) == ["rows": 3])
            #expect(done["finishedAt"] is String)
            let list = try await api.call("GET", "/api/v1/jobs").data()
            let item = try #require((list["items"] as? [[String: Any]])?.first)
            #expect(item["id"] as? String == id && item["attempts"] as? Int == 2 && item["finishedAt"] is String)
            #expect(item["result"] == nil && item["payload"] == nil)
        }
    }

    @Test func `an unknown job is 404, and an id that is none is 422`() async throws {
        try await withAPI { api in
            let unknown = try await api.call("GET", "/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057")
            #expect(unknown.status == 404)
            #expect(try unknown.code() == "not_found")
            for id in ["1", "'%20OR%201=1", "01890a5d-ac96-774b-bcce-b302099a805x"] {
                #expect(try await api.call("GET", "/api/v1/jobs/\(id)").status == 422)
            }
        }
    }

    @Test func `pages follow each other without gaps or repeats`() async throws {
        try await withAPI { api in
            var expected: [String] = []
            for number in 0..<7 { expected.append(try await enqueue("\(number)", api)) }
            var found: [String] = []
            var cursor: String? = ""
            while let after = cursor {
                let page = try await api.call(
                    "GET",
                    "/api/v1/jobs?limit=3&state=queued" + (after.isEmpty ? "" : "&cursor=\(after)")
                ).data()
                found += (page["items"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
                cursor = page["nextCursor"] as? String
            }
            #expect(found == expected.sorted().reversed())
            let mistaken = try await api.call("GET", "/api/v1/jobs?state=lost&limit=0&colour=red")
            #expect(mistaken.status == 422)
            for field in ["state", "limit", "colour"] { #expect(mistaken.body.contains("\"\(field)\"")) }
        }
    }

    @Test func `pages show every job that was there once, while others are enqueued and end between them`() async throws
    {
        try await withAPI { api in
            var expected: [String] = []
            for number in 0..<9 { expected.append(try await enqueue("\(number)", api)) }
            var found: [String] = []
            var cursor: String? = ""
            while let after = cursor {
                let page = try await api.call("GET", "/api/v1/jobs?limit=2" + (after.isEmpty ? "" : "&cursor=\(after)"))
                    .data()
                found += (page["items"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
                cursor = page["nextCursor"] as? String
                _ = try await enqueue("100", api)
                _ = try await api.pool.query(Jobs.succeeded(expected[0], attempts: 1, result: "{}"))
            }
            #expect(found == expected.sorted().reversed())
        }
    }

    @Test func `health is open, metrics and the description need a key`() async throws {
        try await withAPI { api in
            #expect(try await api.call("GET", "/health/live", key: "none").status == 200)
            for path in ["/health/ready", "/health"] {
                let ready = try await api.call("GET", path, key: "none")
                #expect(ready.status == 200, "\(path)")
                let dependencies = try ready.data()["dependencies"] as? [[String: Any]]
                #expect(dependencies?.first?["name"] as? String == "postgres")
                #expect((dependencies?.first?["latencyMs"] as? Double ?? 0) > 0)
            }
            for path in ["/metrics", "/openapi.json", "/api/v1/jobs"] {
                #expect(try await api.call("GET", path, key: "none").status == 401)
                #expect(try await api.call("GET", path).status == 200)
            }
            let metrics = try await api.call("GET", "/metrics").body
            #expect(metrics.contains("http_server_request_duration_seconds_count"))
        }
    }
}
