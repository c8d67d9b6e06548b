import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIBulkEnqueueTests {
    /// A line of the answer.
    private struct Line {
        let number: Int
        let status: Int
        let code: String?
        let job: String?
        let isReplayed: Bool
        let text: String

        init(_ text: Substring) throws {
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
            number = object["line"] as? Int ?? 0
            status = object["status"] as? Int ?? 0
            code = (object["error"] as? [String: Any])?["code"] as? String
            job = (object["data"] as? [String: Any])?["id"] as? String
            isReplayed = object["replayed"] as? Bool ?? false
            self.text = String(text)
        }
    }

    private func withAPI(
        grants: Grants = Grants(events: ["#"], jobs: ["#"]),
        limits: RequestLimits? = nil,
        bulkLimit: Int = 16 << 20,
        _ body: (APIFixture) async throws -> Void
    ) async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool, grants: grants, limits: limits, bulkLimit: bulkLimit, body)
        }
    }

    private func send(
        _ body: String,
        to api: APIFixture,
        idempotencyKey: String? = nil,
        type: String = "application/x-ndjson"
    ) async throws -> Response {
        let client = try api.client()
        var head =
            "POST /api/v1/jobs/batch HTTP/1.1\r\nHost: x\r\nX-API-Key: \(api.key.revealed)\r\nContent-Type: \(type)\r\n"
        if let idempotencyKey { head += "Idempotency-Key: \(idempotencyKey)\r\n" }
        client.send("\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try #require(await client.response())
    }

    private func lines(_ response: Response) throws -> [Line] {
        #expect(response.status == 200, "\(response.body.prefix(500))")
        #expect(response.header("Content-Type") == "application/x-ndjson")
        return try response.body.split(separator: "\n").map { try Line($0) }
    }

    private func job(_ number: Int) -> String { #"{"type":"audit.write","payload":{"n":\#(number)}}"# }

    private func count(_ sql: String, _ api: APIFixture) async throws -> Int64 {
        try await api.pool.query(SQLStatement(sql))[0].int(0) ?? -1
    }

    @Test func `of a thousand lines the faulty ones are refused, and all others are stored with their messages`()
        async throws
    {
        try await withAPI { api in
            let faulty = [
                #"{"type":"audit.write","payload":{}"#, #"{"type":"no.such","payload":{}}"#, #"{"type":"audit.write"}"#,
                #"{"type":"audit.write","payload":{},"colour":1}"#, "nonsense",
            ]
            let body = (1...1_000).map { $0 % 100 == 7 ? faulty[$0 / 100 % 5] : job($0) }.joined(separator: "\n")
            let answers = try lines(try await send(body, to: api))
            #expect(answers.map(\.number) == Array(1...1_000))
            let refused = answers.filter { $0.status != 202 }
            #expect(refused.map(\.number) == stride(from: 7, through: 907, by: 100).map(\.self))
            #expect(
                refused.prefix(5).map(\.code) == [
                    "invalid_json", "unknown_job_type", "validation_failed", "validation_failed", "invalid_json",
                ]
            )
            #expect(refused.prefix(5).map(\.status) == [400, 422, 422, 422, 400])
            #expect(Set(answers.compactMap(\.job)).count == 990)
            #expect(try await count("SELECT count(*) FROM jobs", api) == 990)
            #expect(
                try await count(
                    "SELECT count(*) FROM jobs JOIN outbox ON job_id = jobs.id AND outbox.body = payload",
                    api
                )
                    == 990
            )
            let ids = answers.compactMap(\.job)
            let payload = try await api.pool.query(
                SQLStatement("SELECT payload FROM jobs WHERE id = $1", [.text(ids[0])])
            )[0].bytes(0)
            #expect(payload == Array(#"{"n":1}"#.utf8))
        }
    }

    @Test func `a repeat with the same key gives the same jobs, and a line that is another now is 422`() async throws {
        try await withAPI { api in
            let body = (1...700).map(job).joined(separator: "\n") + "\n"
            let first = try await send(body, to: api, idempotencyKey: "k-1")
            let second = try await send(body, to: api, idempotencyKey: "k-1")
            #expect(first.header("Idempotent-Replayed") == nil)
            #expect(second.header("Idempotent-Replayed") == "true")
            #expect(try lines(first).map(\.job) == lines(second).map(\.job))
            #expect(try lines(second).allSatisfy(\.isReplayed))
            #expect(try await count("SELECT count(*) FROM jobs", api) == 700)
            var changed = (1...701).map(job)
            changed[4] = job(5_000)
            let third = try await send(changed.joined(separator: "\r\n"), to: api, idempotencyKey: "k-1")
            let answers = try lines(third)
            #expect(answers[4].code == "idempotency_key_reused")
            #expect(answers.count { $0.isReplayed } == 699)
            #expect(answers[700].status == 202)
            #expect(third.header("Idempotent-Replayed") == nil)
            #expect(try await count("SELECT count(*) FROM jobs", api) == 701)
            // Without a key each is new.
            _ = try await send(body, to: api)
            #expect(try await count("SELECT count(*) FROM jobs", api) == 1_401)
        }
    }

    @Test func `two requests with the same key at once store each job once`() async throws {
        try await withAPI { api in
            let body = (1...1_200).map(job).joined(separator: "\n")
            async let first = send(body, to: api, idempotencyKey: "k-2")
            async let second = send(body, to: api, idempotencyKey: "k-2")
            let statuses = try await [first.status, second.status].sorted()
            #expect(statuses == [200, 200] || statuses == [200, 409])
            #expect(try await count("SELECT count(*) FROM jobs", api) == 1_200)
            #expect(try await count("SELECT count(*) FROM outbox", api) == 1_200)
        }
    }

    @Test func `what is too long is 413: a line for itself, a body and too many lines as a whole`() async throws {
        try await withAPI(bulkLimit: 3 << 20) { api in
            let long = #"{"type":"audit.write","payload":""# + String(repeating: "x", count: 1 << 20) + "\"}"
            let answers = try lines(try await send([job(1), long, job(2)].joined(separator: "\n"), to: api))
            #expect(answers.map(\.status) == [202, 413, 202])
            #expect(answers[1].code == "line_too_long")
            let body = try await send(String(repeating: job(1) + "\n", count: 80_000), to: api)
            #expect(body.status == 413)
            #expect(body.body.contains("\(3 << 20) bytes"))
            let many = try await send(String(repeating: job(1) + "\n", count: 10_001), to: api)
            #expect(many.status == 413)
            #expect(many.body.contains("10000 lines"))
            #expect(try await count("SELECT count(*) FROM jobs", api) == 2)
            // Other routes keep their own.
            let other = try await api.call("POST", "/api/v1/jobs", long + String(repeating: " ", count: 1 << 20))
            #expect(other.status == 413)
            #expect(other.body.contains("\(1 << 20) bytes"))
        }
    }

    @Test func `ten thousand lines are taken`() async throws {
        try await withAPI { api in
            let answers = try lines(try await send(String(repeating: job(1) + "\n", count: 10_000), to: api))
            #expect(answers.count == 10_000)
            #expect(answers.allSatisfy { $0.status == 202 })
            #expect(try await count("SELECT count(*) FROM jobs", api) == 10_000)
        }
    }

    @Test func `grants hold for each line, and a unique key's job is named`() async throws {
        try await withAPI(grants: Grants(events: [], jobs: ["ticket.*"])) { api in
            let answers = try lines(try await send(job(1), to: api))
            #expect(answers.map(\.status) == [403])
            #expect(answers[0].code == "not_granted")
        }
        try await withAPI { api in
            let unique = #"{"type":"audit.write","payload":{"n":1},"unique":{"fields":["n"],"onConflict":"reject"}}"#
            let answers = try lines(try await send([unique, unique, job(2)].joined(separator: "\n"), to: api))
            #expect(answers.map(\.status) == [202, 409, 202])
            #expect(answers[1].code == "unique_key_held")
        }
    }

    @Test func `a body that is no lines of JSON is refused as a whole, an empty one has no answers`() async throws {
        try await withAPI { api async throws in
            #expect(try await send(job(1), to: api, type: "application/json").status == 415)
            #expect(try await send("\n \r\n", to: api).body.isEmpty)
            let longKey = String(repeating: "k", count: 256)
            #expect(try await send(job(1), to: api, idempotencyKey: longKey).status == 422)
            #expect(try await count("SELECT count(*) FROM jobs", api) == 0)
        }
    }

    @Test func `every hundred lines count as a request`() async throws {
        let limits = RequestLimits(
            RateLimitSettings(caller: RateLimit(rate: 0.01, burst: 5), address: nil, failures: nil),
            redis: nil,
            metrics: Metrics(),
            log: Log(service: "test", threshold: .error)
        )
        try await withAPI(limits: limits) { api in
            #expect(try await send((1...400).map(job).joined(separator: "\n"), to: api).status == 200)
            let refused = try await send((1...101).map(job).joined(separator: "\n"), to: api)
            #expect(refused.status == 429)
            #expect(refused.header("Retry-After") != nil)
            #expect(try await count("SELECT count(*) FROM jobs", api) == 400)
        }
    }
}
