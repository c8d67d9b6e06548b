import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

/// Cancelling a job, and sending a dead one back.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct APIJobVerbsTests {
    private func with(_ scopes: Set<Scope>, _ body: (APIFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool, scopes: scopes, body)
        }
    }

    private func enqueue(_ api: APIFixture, _ more: String = "") async throws -> String {
        let answer = try await api.call("POST", "/api/v1/jobs", #"{"type":"audit.write","payload":{}\#(more)}"#)
        return try #require(try answer.data()["id"] as? String)
    }

    private func count(_ api: APIFixture, _ sql: String) async throws -> Int64? {
        try await api.pool.query(SQLStatement("SELECT count(*) FROM \(sql)"))[0].int(0)
    }

    @Test(arguments: ["", #","scheduledAt":"2090-01-01T00:00:00Z""#])
    func `who has enqueued a job can cancel it, and its message goes with it`(_ more: String) async throws {
        try await with([.enqueue]) { api async throws in
            let id = try await enqueue(api, more)
            for _ in 0..<2 {
                let answer = try await api.call("POST", "/api/v1/jobs/\(id)/cancel")
                #expect(answer.status == 200)
                #expect(try answer.data()["state"] as? String == "cancelled")
            }
            #expect(try await count(api, "outbox WHERE job_id = '\(id)'") == 0)
            let told =
                "outbox WHERE routing_key = 'operator.acted' AND convert_from(body, 'UTF8') LIKE '%job.cancel%\(id)%'"
            #expect(try await count(api, told) == 1)
        }
    }

    @Test func `another's job is not there for who may only enqueue, and an operator cancels it`() async throws {
        try await with([.enqueue]) { api async throws in
            let id = try await enqueue(api)
            let keys = APIKeys(api.pool)
            let other = try await keys.create(name: "other", scopes: [.enqueue])
            let path = "/api/v1/jobs/\(id)/cancel"
            #expect(try await api.call("POST", path, key: other.revealed).status == 404)
            let reader = try await keys.create(name: "reader", scopes: [.read])
            #expect(try await api.call("POST", path, key: reader.revealed).status == 403)
            let operating = try await keys.create(name: "operator", scopes: [.operate])
            #expect(try await api.call("POST", path, key: operating.revealed).status == 200)
        }
    }

    @Test func `a job whose effect is committed stays as it is`() async throws {
        try await with([.enqueue, .operate]) { api async throws in
            let id = try await enqueue(api)
            _ = try await api.pool.query(Jobs.succeeded(id, attempts: 1, result: nil))
            let refused = try await api.call("POST", "/api/v1/jobs/\(id)/cancel")
            #expect(refused.status == 409)
            #expect(try refused.code() == "job_ended")
            #expect(try await count(api, "outbox WHERE routing_key = 'operator.acted'") == 0)
            let unknown = "/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057"
            #expect(try await api.call("POST", unknown + "/cancel").status == 404)
            #expect(try await api.call("POST", unknown + "/retry").status == 404)
        }
    }

    @Test func `a dead job goes back once, whoever asks at the same time`() async throws {
        try await with([.enqueue, .operate]) { api async throws in
            let id = try await enqueue(api)
            let path = "/api/v1/jobs/\(id)/retry"
            #expect(try await api.call("POST", path).code() == "job_not_dead")
            _ = try await api.pool.query(SQLStatement("UPDATE jobs SET state = 'dead', attempts = 3"))
            let headers: HeaderTable = [FleetHeader.jobID: .string(id)]
            #expect(try await api.call("POST", path).code() == "not_filed")
            _ = try await api.pool.query(
                SQLStatement(
                    """
                    INSERT INTO dead_letters (filing_key, queue, message_id, job_id, exchange, routing_key, properties,
                        headers, body)
                    VALUES ('k', 'audit.all', $1, $1, 'fleet.direct', 'audit.write', '{}', $2, '{}')
                    """,
                    [.text(id), .text(MessageJSON.text(headers))]
                )
            )
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await api.call("POST", path).status } }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [202: 1, 409: 7])
            let job = try await api.call("GET", "/api/v1/jobs/\(id)").data()
            #expect(job["state"] as? String == "queued" && job["attempts"] as? Int == 0)
            #expect(try await count(api, "outbox WHERE exchange = '' AND routing_key = 'audit.all'") == 1)
            #expect(try await count(api, "operator_actions WHERE changed = 1") == 1)
        }
    }
}
