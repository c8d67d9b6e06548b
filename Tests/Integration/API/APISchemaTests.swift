import FlotillaModules
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@testable import flotilla

/// Bodies are checked by the descriptions of events and jobs, before anything is stored.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct APISchemaTests {
    private func with(_ body: (APIFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool, messages: Flotilla.program.messages) { try await body($0) }
        }
    }

    private func fields(_ response: Response) throws -> [String] {
        let error = try #require(try response.object()["error"] as? [String: Any])
        return (error["details"] as? [[String: Any]] ?? []).compactMap { $0["field"] as? String }
    }

    @Test func `an event that its workers could not read is refused by the names of its fields`() async throws {
        try await with { api async throws in
            let refused = try await api.call(
                "POST",
                "/api/v1/events",
                #"{"type":"payment.succeeded","data":{"companyId":1.5}}"#
            )
            #expect(refused.status == 422)
            #expect(try fields(refused) == ["data.companyId"])
            #expect(try await api.pool.query(SQLStatement("SELECT 1 FROM outbox")).isEmpty)
        }
    }

    @Test func `an event that nobody has described is taken, with the name that was meant`() async throws {
        try await with { api async throws in
            let answer = try await api.call("POST", "/api/v1/events", #"{"type":"profile.veiwed","data":{}}"#)
            #expect(answer.status == 202)
            let warnings = try #require(try answer.data()["warnings"] as? [String])
            #expect(warnings.count == 1 && warnings[0].contains("profile.viewed"))
            let known = try await api.call("POST", "/api/v1/events", #"{"type":"company.created","data":{}}"#)
            #expect(try known.status == 202 && known.data()["warnings"] == nil)
        }
    }

    @Test func `a description is found by its name`() async throws {
        try await with { api async throws in
            let found = try await api.call("GET", "/api/v1/schemas/profile.viewed").data()
            #expect(found["roles"] as? [String] == ["event"])
            let schema = try #require(found["schema"] as? [String: Any])
            #expect(schema["required"] as? [String] == ["companyId"])
            let list = try await api.call("GET", "/api/v1/schemas").data()
            #expect((list["items"] as? [[String: Any]])?.count == Flotilla.program.messages.entries.count)
            #expect(try await api.call("GET", "/api/v1/schemas/profile.veiwed").status == 404)
        }
    }
}
