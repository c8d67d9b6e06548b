import FlotillaStorage
import Foundation
import Testing

extension FleetTests {
    private struct Finding: Decodable {
        let worker: String
        let result: String
        let detail: String
    }

    @Test func `the demo shows what each worker did, and says so when there is no worker`() async throws {
        let fleet = try await FleetFixture.current()
        let environment = ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
        let alone = try await fleet.home.run("demo", environment: environment)
        #expect(alone.status == 1)
        #expect(alone.messages.contains("no worker takes audit.all"))
        try await fleet.withWorkers { _ in
            let output = try await fleet.home.run("demo", "--output", "json", environment: environment)
            #expect(output.status == 0, "\(output.messages)")
            let findings = try JSONDecoder().decode([Finding].self, from: Data(output.text.utf8))
            #expect(
                Set(findings.map(\.worker)).isSuperset(of: [
                    "audit", "quota", "keeper", "notifications", "indexing", "tickets", "scans",
                ])
            )
            #expect(!findings.contains { $0.result == "missing" })
            #expect(findings.contains { $0.result == "dead-lettered" && $0.detail.contains("companyId") })
        }
        // Other tests of this home count dead letters.
        _ = try await fleet.pool.query(SQLStatement("DELETE FROM dead_letters WHERE message_id LIKE 'demo-%'"))
    }
}
