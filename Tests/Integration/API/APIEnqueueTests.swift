import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIEnqueueTests {
    private static let job = #"{"type":"audit.write","payload":{"n": 1.0},"priority":3,"correlationId":"order-7"}"#

    private func withAPI(_ body: (APIFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in try await APIFixture.with(database.pool, body) }
    }

    private func count(_ sql: String, _ fixture: APIFixture) async throws -> Int64 {
        try await fixture.pool.query(SQLStatement(sql))[0].int(0) ?? -1
    }

    @Test func `202 for a job means that its row and its message are committed`() async throws {
        try await withAPI { api in
            let response = try await api.call("POST", "/api/v1/jobs", Self.job)
            #expect(response.status == 202)
            let id = try #require(try response.data()["id"] as? String)
            #expect(response.header("Location") == "/api/v1/jobs/\(id)")
            let row = try await api.pool.query(
                SQLStatement(
                    """
                    SELECT j.state, j.priority, j.correlation_id, j.created_by, o.exchange, o.routing_key, o.body
                    FROM jobs j JOIN outbox o ON o.job_id = j.id WHERE j.id = $1
                    """,
                    [.text(id)]
                )
            )[0]
            #expect(row.text(0) == "queued")
            #expect(row.int(1) == 1)
            #expect(try response.data()["priority"] as? String == "high")
            #expect(row.text(2) == "order-7")
            #expect(row.text(3) == "key:\(api.key.id)")
            #expect(row.text(4) == "fleet.direct")
            #expect(row.text(5) == "audit.write")
            #expect(row.bytes(6) == Array(#"{"n": 1.0}"#.utf8))
        }
    }

    @Test func `a job's priority is a word or a number of before, and is routed by its level where the type has some`()
        async throws
    {
        try await withAPI { api in
            let cases = [
                (#""low""#, "low", "low"), (#""normal""#, "normal", nil), (#""high""#, "high", "high"),
                ("0", "normal", nil), ("1", "high", "high"), ("9", "high", "high"), ("null", "normal", nil),
            ]
            for (given, shown, level) in cases {
                for type in ["audit.write", "report.build"] {
                    let body = #"{"type":"\#(type)","payload":{"n":1},"priority":\#(given)}"#
                    let response = try await api.call("POST", "/api/v1/jobs", body)
                    #expect(response.status == 202, "\(response.body)")
                    #expect(try response.data()["priority"] as? String == shown)
                    let id = try #require(try response.data()["id"] as? String)
                    let row = try await api.pool.query(
                        SQLStatement("SELECT routing_key, properties FROM outbox WHERE job_id = $1", [.text(id)])
                    )[0]
                    let hasLevel = type != "audit.write"
                    #expect(row.text(0) == type + (hasLevel ? level.map { ".\($0)" } ?? "" : ""))
                    #expect(row.text(1)?.contains("\"\(type)\"") == true)
                }
            }
            let unknown = #"{"type":"report.build.high","payload":{}}"#
            #expect(try await api.call("POST", "/api/v1/jobs", unknown).code() == "unknown_job_type")
        }
    }

    @Test func `202 for an event means that its message is committed`() async throws {
        try await withAPI { api in
            let response = try await api.call(
                "POST",
                "/api/v1/events",
                #"{"type":"profile.viewed","data":{"id": 7},"id":"m-1","occurredAt":"2026-01-31T09:30:00Z"}"#,
                headers: ["X-Correlation-ID": "c-1"]
            )
            #expect(response.status == 202)
            #expect(try response.data()["id"] as? String == "m-1")
            let row = try await api.pool.query(
                SQLStatement("SELECT exchange, routing_key, body, properties::text FROM outbox")
            )[0]
            #expect(row.text(0) == "fleet.topic")
            #expect(row.text(1) == "profile.viewed")
            #expect(row.bytes(2) == Array(#"{"id": 7}"#.utf8))
            let properties = try #require(row.text(3))
            for part in ["m-1", "c-1", "1769851800"] { #expect(properties.contains(part)) }
        }
    }

    @Test func `the same idempotency key and body give the same job, another body is 422`() async throws {
        try await withAPI { api in
            let headers = ["Idempotency-Key": "k-1"]
            let first = try await api.call("POST", "/api/v1/jobs", Self.job, headers: headers)
            let second = try await api.call("POST", "/api/v1/jobs", Self.job, headers: headers)
            #expect(first.status == 202 && second.status == 202)
            #expect(try first.data()["id"] as? String == second.data()["id"] as? String)
            #expect(second.header("Idempotent-Replayed") == "true")
            let other = #"{"type":"audit.write","payload":{"n": 2}}"#
            let conflict = try await api.call("POST", "/api/v1/jobs", other, headers: headers)
            #expect(conflict.status == 422)
            #expect(try conflict.code() == "idempotency_key_reused")
            #expect(try await count("SELECT count(*) FROM jobs", api) == 1)
            #expect(try await count("SELECT count(*) FROM outbox", api) == 1)
        }
    }

    @Test func `one idempotency key at once from many clients makes one job`() async throws {
        try await withAPI { api in
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let response = try await api.call(
                            "POST",
                            "/api/v1/jobs",
                            Self.job,
                            headers: ["Idempotency-Key": "same"]
                        )
                        return try response.data()["id"] as? String ?? response.body
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await count("SELECT count(*) FROM jobs", api) == 1)
        }
    }

    @Test func `five hundred jobs at once all exist, each with its own payload`() async throws {
        try await withAPI { api in
            let accepted = try await withThrowingTaskGroup(of: (String, Int).self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let body = "{\"type\":\"audit.write\",\"payload\":\(number)}"
                        let response = try await api.call("POST", "/api/v1/jobs", body)
                        return (try response.data()["id"] as? String ?? response.body, number)
                    }
                }
                return try await group.reduce(into: [String: Int]()) { $0[$1.0] = $1.1 }
            }
            #expect(accepted.count == 500)
            let rows = try await api.pool.query(SQLStatement("SELECT id, payload FROM jobs"))
            let stored = Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    (row.text(0) ?? "", Int(String(decoding: row.bytes(1) ?? [], as: UTF8.self)) ?? -1)
                }
            )
            #expect(stored == accepted)
            #expect(try await count("SELECT count(DISTINCT job_id) FROM outbox", api) == 500)
        }
    }

    @Test func `a job for later waits in its table until then`() async throws {
        try await withAPI { api in
            let body = #"{"type":"audit.write","payload":{},"scheduledAt":"2099-01-01T00:00:00Z","maxAttempts":7}"#
            let response = try await api.call("POST", "/api/v1/jobs", body)
            #expect(try response.data()["state"] as? String == "scheduled")
            #expect(
                try await count("SELECT count(*) FROM outbox WHERE not_before = '2099-01-01T00:00:00Z'", api) == 1
            )
        }
    }

    @Test func `a type without a worker is 422 and names those with one`() async throws {
        try await withAPI { api in
            let response = try await api.call("POST", "/api/v1/jobs", #"{"type":"audit.wrote","payload":{}}"#)
            #expect(response.status == 422)
            #expect(try response.code() == "unknown_job_type")
            #expect(response.body.contains("there are audit.write"))
        }
    }

    @Test func `a key without the scope takes nothing in, and a revoked key is refused soon`() async throws {
        try await withAPI { api in
            let keys = APIKeys(api.pool)
            let reader = try await keys.create(name: "reader", scopes: [.read])
            let path = "/api/v1/jobs"
            #expect(try await api.call("POST", path, Self.job, key: reader.revealed).status == 403)
            #expect(try await api.call("GET", path, key: reader.revealed).status == 200)
            #expect(try await keys.revoke(reader.id))
            #expect(try await !keys.revoke(reader.id))
            try await eventually("the revoked key is refused", within: .seconds(5)) {
                try await api.call("GET", path, key: reader.revealed).status == 401
            }
            #expect(try await count("SELECT count(*) FROM jobs", api) == 0)
        }
    }
}
