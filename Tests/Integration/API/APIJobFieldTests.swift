import FlotillaHTTPRouting
import FlotillaStorage
import FlotillaTestSupport
import Testing

/// Jobs that are found by a field of their payload.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIJobFieldTests {
    private func ids(_ response: Response) throws -> [String] {
        (try response.data()["items"] as? [[String: Any]])?.compactMap { $0["id"] as? String } ?? []
    }

    private func enqueue(_ payload: String, _ api: APIFixture) async throws -> String {
        let answer = try await api.call("POST", "/api/v1/jobs", #"{"type":"report.build","payload":\#(payload)}"#)
        #expect(answer.status == 202)
        return try #require(try answer.data()["id"] as? String)
    }

    @Test func `a job is found by the value of a field that the file names, whatever its kind`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool) { api in
                let number = try await enqueue(#"{"order":{"id":7},"x":1}"#, api)
                let text = try await enqueue(#"{"order":{"id":"7"}}"#, api)
                for payload in [#"{"order":{"id":8}}"#, #"{"order":{"id":[7]}}"#, #"{"order":7}"#, "[7]"] {
                    _ = try await enqueue(payload, api)
                }
                let list = "/api/v1/jobs?type=report.build&field=order.id&value="
                #expect(Set(try ids(try await api.call("GET", list + "7"))) == [number, text])
                #expect(try ids(try await api.call("GET", list + "9")).isEmpty)
                let plan = try await database.pool.query(
                    SQLStatement("SELECT count(*) FROM jobs WHERE field_keys IS NOT NULL")
                )
                #expect(plan[0].int(0) == 3)
            }
        }
    }

    @Test func `a field that the file does not name is refused, and so is half a question`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool) { api in
                for query in [
                    "type=report.build&field=x&value=1", "type=audit.write&field=order.id&value=1",
                    "field=order.id&value=1",
                    "type=report.build&field=order.id", "value=1",
                ] {
                    let answer = try await api.call("GET", "/api/v1/jobs?\(query)")
                    #expect(answer.status == 422, "\(query)")
                }
            }
            try await APIFixture.with(database.pool, scopes: [.read]) { api in
                let answer = try await api.call("GET", "/api/v1/jobs?type=report.build&field=order.id&value=1")
                #expect(answer.status == 403)
            }
        }
    }
}
