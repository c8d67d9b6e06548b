import FlotillaTestSupport
@testable import FlotillaTickets
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct ScanSuspicionTests {
    private func suspicions(_ fixture: ScanFixture) async throws -> [[String: Any]] {
        try await fixture.events().filter { $0.name == "scan.suspected" }.map(\.body)
    }

    @Test func `one ticket at two places within seconds is suspected, once`() async throws {
        try await ScanFixture.with { fixture in
            let token = try await fixture.ticket("789")
            for place in ["North", "North", "South", "North", "South"] {
                _ = try await fixture.scan(token, location: place)
            }
            let found = try await suspicions(fixture)
            #expect(found.count == 1)
            #expect(found.first?["sign"] as? String == "two_places" && found.first?["ticketId"] as? Int == 789)
            let places = found.first?["places"] as? [[String: Any]] ?? []
            #expect(places.map { $0["location"] as? String } == ["North", "South"])
            let marked = try await fixture.strings("SELECT suspicion FROM ticket_scans WHERE suspicion IS NOT NULL")
            #expect(marked == ["two_places"])
        }
    }

    @Test func `two places with time between, or one place, are no sign`() async throws {
        try await ScanFixture.with(rules: ScanRules(twoPlacesWithin: .zero)) { fixture in
            let token = try await fixture.ticket("789")
            for place in ["North", "South", "South"] { _ = try await fixture.scan(token, location: place) }
            let found = try await suspicions(fixture)
            #expect(found.isEmpty)
        }
    }

    @Test func `a burst of forged codes by one operator is suspected, once, however many come at a time`() async throws
    {
        try await ScanFixture.with(rules: ScanRules(forgedBurst: 5)) { fixture in
            for number in 0..<4 { _ = try await fixture.scan("code \(number)", operatorID: "7") }
            _ = try await fixture.scan("code", operatorID: "8")
            var found = try await suspicions(fixture)
            #expect(found.isEmpty)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<30 { group.addTask { _ = try await fixture.scan("more \(number)", operatorID: "7") } }
                try await group.waitForAll()
            }
            found = try await suspicions(fixture)
            #expect(found.count == 1)
            #expect(found.first?["sign"] as? String == "forged_burst" && found.first?["operatorId"] as? Int == 7)
            #expect(found.first?["count"] as? Int == 5)
        }
    }

    @Test func `genuine tickets that are refused are no forgeries`() async throws {
        try await ScanFixture.with(rules: ScanRules(forgedBurst: 2)) { fixture in
            let token = try await fixture.ticket("789")
            for _ in 0..<5 { _ = try await fixture.scan(token) }
            for _ in 0..<5 { _ = try await fixture.scan(try await fixture.token("nobody")) }
            let found = try await suspicions(fixture)
            #expect(found.isEmpty)
        }
    }
}
