import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

/// One caller's ids and idempotency keys are not another's.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct APICallerTests {
    private static let job = #"{"type":"audit.write","payload":{"n":1}}"#
    private static let event = #"{"type":"payment.succeeded","id":"pay-7","data":{"companyId":"a"}}"#

    private func with(_ body: (APIFixture, APIKey) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool) { api in
                let other = try await APIKeys(database.pool).create(
                    name: "other",
                    scopes: [.read, .enqueue],
                    grants: Grants(events: ["#"], jobs: ["#"])
                )
                try await body(api, other)
            }
        }
    }

    private func post(
        _ api: APIFixture,
        _ path: String,
        _ body: String,
        idempotencyKey: String? = "order-42",
        _ caller: APIKey? = nil
    ) async throws -> Response {
        let headers = idempotencyKey.map { ["Idempotency-Key": $0] } ?? [:]
        return try await api.call("POST", "/api/v1/\(path)", body, headers: headers, key: caller?.revealed)
    }

    private func count(_ sql: String, _ api: APIFixture) async throws -> Int64? {
        try await api.pool.query(SQLStatement(sql)).first?.int(0)
    }

    @Test func `two callers with the same key have a job each, and neither sees the other's`() async throws {
        try await with { api, other in
            let first = try await post(api, "jobs", Self.job)
            let second = try await post(api, "jobs", Self.job, other)
            #expect(first.status == 202 && second.status == 202)
            #expect(second.header("Idempotent-Replayed") == nil)
            #expect(try first.data()["id"] as? String != second.data()["id"] as? String)
            #expect(try second.data()["createdBy"] as? String == "key:\(other.id)")
            let owners = try await api.pool.query(SQLStatement("SELECT created_by FROM jobs ORDER BY id"))
            #expect(owners.compactMap { $0.text(0) } == ["key:\(api.key.id)", "key:\(other.id)"])
            // And a body that the other one has not sent is no conflict with it.
            #expect(try await post(api, "jobs", #"{"type":"audit.write","payload":2}"#, other).status == 422)
        }
    }

    @Test func `two callers with the same event id both have their event`() async throws {
        try await with { api, other in
            for caller in [nil, other] {
                let answer = try await post(api, "events", Self.event, idempotencyKey: nil, caller)
                #expect(answer.status == 202)
                #expect(try answer.data()["id"] as? String == "pay-7")
            }
            let rows = try await api.pool.query(SQLStatement("SELECT properties FROM outbox ORDER BY id"))
            let ids = try rows.map { try MessageJSON.properties($0.text(0) ?? "").messageID }
            #expect(ids == ["key:\(api.key.id)/pay-7", "key:\(other.id)/pay-7"])
            // The same caller's second one has the same id, by which it has no second effect.
            _ = try await post(api, "events", Self.event, idempotencyKey: nil)
            #expect(
                try await count("SELECT count(DISTINCT properties::json->>'messageID') FROM outbox", api) ?? 0 <= 2
            )
        }
    }

    @Test func `nobody squats on another's ticket job`() async throws {
        try await with { api, other in
            let tickets =
                #"{"job_id":"J2","event_id":1,"tickets":[{"ticket_id":1,"guest_name":"A"}],"#
                + #""template_data":{"event_title":"T"}}"#
            #expect(try await post(api, "jobs", Self.job, idempotencyKey: "ticket-job:J2", other).status == 202)
            let made = try await post(api, "tickets/generate", tickets, idempotencyKey: nil)
            #expect(made.status == 202 && made.header("Idempotent-Replayed") == nil, "\(made.body)")
            let again = try await post(api, "tickets/generate", tickets, idempotencyKey: nil)
            #expect(again.status == 202 && again.header("Idempotent-Replayed") == "true")
        }
    }

    @Test func `a key is for one request: another body, byte or path is 422`() async throws {
        try await with { api, _ in
            let first = try await post(api, "jobs", Self.job)
            #expect(first.status == 202)
            for (path, body) in [
                ("jobs", #"{"type":"audit.write","payload":{"n": 1}}"#),
                ("jobs", #"{"type":"audit.write","payload":{}}"#),
                ("events", Self.event), ("events", Self.job),
            ] {
                let other = try await post(api, path, body)
                #expect(other.status == 422, "\(path) \(body)")
                if path == "jobs" || body == Self.event { #expect(try other.code() == "idempotency_key_reused") }
            }
            #expect(try await post(api, "jobs", Self.job).header("Idempotent-Replayed") == "true")
            #expect(try await count("SELECT count(*) FROM outbox", api) == 1)
        }
    }

    @Test func `a replay gets the first answer after a restart`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let (key, text) = try await Self.answer(database.pool, nil)
            let (_, again) = try await Self.answer(database.pool, key)
            #expect(text == again)
            #expect(try await database.count("SELECT count(*) FROM outbox") == 1)
        }
    }

    private static func answer(_ pool: PostgresPool, _ key: APIKey?) async throws -> (APIKey, String) {
        var result: (APIKey, String)?
        try await APIFixture.with(pool) { api in
            let caller = key ?? api.key
            let answer = try await api.call(
                "POST",
                "/api/v1/events",
                event,
                headers: ["Idempotency-Key": "order-42"],
                key: caller.revealed
            )
            #expect(answer.header("Idempotent-Replayed") == (key == nil ? nil : "true"))
            result = (caller, answer.body)
        }
        return try #require(result)
    }

    @Test(arguments: ["jobs", "events"])
    func `a repeat of a request that another process is working on waits, and is 409 after two seconds`(
        path: String
    ) async throws {
        try await with { api, _ in
            let body = path == "jobs" ? Self.job : Self.event
            let claim = IdempotencyKeys.Claim(
                key: IdempotencyKey(caller: "key:\(api.key.id)", text: "order-42", fingerprint: [1]),
                resource: "elsewhere"
            )
            try await api.pool.transaction { transaction in
                _ = try await transaction.query(IdempotencyKeys.claim([claim]))
                let waiting = try await post(api, path, body)
                #expect(waiting.status == 409)
                #expect(try waiting.code() == "request_in_progress")
                #expect(waiting.header("Retry-After") == "1")
                // Another key of the same caller does not wait.
                #expect(try await post(api, path, body, idempotencyKey: "order-43").status == 202)
                try await transaction.script("ROLLBACK; BEGIN")
            }
            #expect(try await post(api, path, body).status == 202)
        }
    }

    @Test func `keys are forgotten after their retention, and a job's record stays for as long`() async throws {
        try await with { api, _ in
            let first = try await post(api, "jobs", Self.job)
            _ = try await api.pool.query(
                SQLStatement(
                    """
                    UPDATE jobs SET state = 'succeeded', finished_at = now() - interval '40 days',
                        enqueued_at = now() - interval '6 days'
                    """
                )
            )
            #expect(try await api.pool.query(Jobs.prune()).affected == 0)
            _ = try await api.pool.query(SQLStatement("UPDATE jobs SET enqueued_at = now() - interval '8 days'"))
            _ = try await api.pool.query(
                SQLStatement("UPDATE idempotency_keys SET created_at = now() - interval '8 days'")
            )
            #expect(try await api.pool.query(IdempotencyKeys.prune()).affected == 1)
            #expect(try await api.pool.query(Jobs.prune()).affected == 1)
            let second = try await post(api, "jobs", Self.job)
            #expect(second.header("Idempotent-Replayed") == nil)
            #expect(try first.data()["id"] as? String != second.data()["id"] as? String)
        }
    }

    @Test func `two callers with the same keys, many at once, have a job for each of their keys`() async throws {
        try await with { api, other in
            let count = 200
            let answers = try await withThrowingTaskGroup(of: (Int, String, Int).self) { group in
                for number in 0..<count {
                    for caller in [api.key, other] {
                        // Twice each: the second is the first's.
                        for _ in 0..<2 {
                            group.addTask {
                                let body = #"{"type":"audit.write","payload":\#(number)}"#
                                var answer = try await post(api, "jobs", body, idempotencyKey: "k-\(number)", caller)
                                // A busy machine may answer later than in two seconds; the client comes again.
                                while answer.status == 409 || answer.status == 503 {
                                    answer = try await post(api, "jobs", body, idempotencyKey: "k-\(number)", caller)
                                }
                                return (
                                    number, caller.id + " " + (try answer.data()["id"] as? String ?? ""), answer.status
                                )
                            }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.2 == 202 })
            #expect(Set(answers.map(\.1)).count == 2 * count)
            #expect(try await self.count("SELECT count(*) FROM jobs", api) == Int64(2 * count))
            let wrong = """
                SELECT count(*) FROM jobs JOIN idempotency_keys ON resource = jobs.id
                WHERE caller <> created_by OR idempotency_keys.idempotency_key <> 'k-' || convert_from(payload, 'UTF8')
                """
            #expect(try await self.count(wrong, api) == 0)
        }
    }
}
