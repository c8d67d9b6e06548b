import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaStorage
import FlotillaTestSupport
import Testing

/// Idempotency keys of events.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIEventTests {
    private static let event = #"{"type":"profile.viewed","data":{"id": 7}}"#

    private func post(
        _ api: APIFixture,
        _ body: String = event,
        key: String = "order-42",
        caller: APIKey? = nil
    ) async throws -> Response {
        try await api.call(
            "POST",
            "/api/v1/events",
            body,
            headers: ["Idempotency-Key": key],
            key: caller?.revealed
        )
    }

    @Test func `the same idempotency key with the same event publishes it once`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool) { api in
                let first = try await post(api)
                #expect(first.status == 202)
                #expect(first.header("Idempotent-Replayed") == nil)
                let again = try await post(api)
                #expect(again.status == 202)
                #expect(again.header("Idempotent-Replayed") == "true")
                #expect(again.body == first.body)
                #expect(try await database.count("SELECT count(*) FROM outbox") == 1)
            }
        }
    }

    @Test func `the same key with another event is 422, and with another caller a key of its own`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool) { api in
                #expect(try await post(api).status == 202)
                for body in [
                    #"{"type":"profile.viewed","data":{"id": 8}}"#, #"{"type":"profile.updated","data":{"id": 7}}"#,
                    #"{"type":"profile.viewed","data":{"id": 7},"id":"m-1"}"#,
                ] {
                    let other = try await post(api, body)
                    #expect(other.status == 422)
                    #expect(try other.code() == "idempotency_key_reused")
                }
                let caller = try await APIKeys(database.pool).create(name: "other", scopes: [.enqueue])
                #expect(try await post(api, caller: caller).header("Idempotent-Replayed") == nil)
                #expect(try await database.count("SELECT count(*) FROM outbox") == 2)
            }
        }
    }

    @Test func `of many requests at once with one key one is published`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool) { api in
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            var answer = try await post(api)
                            // A busy machine may answer later than in two seconds; the client comes again.
                            for _ in 0..<30 where answer.status == 409 { answer = try await post(api) }
                            return answer.status
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses == Array(repeating: 202, count: 20))
                #expect(try await database.count("SELECT count(*) FROM outbox") == 1)
                _ = try await database.pool.query(
                    SQLStatement("UPDATE idempotency_keys SET created_at = now() - interval '8 days'")
                )
                #expect(try await database.pool.query(IdempotencyKeys.prune()).affected == 1)
            }
        }
    }
}
