@testable import flotilla
import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import Testing

struct ShownKeyTests {
    private func key(_ scopes: Set<Scope>, _ grants: Grants = .standard) -> ShownKey {
        var record = APIKeyRecord(
            id: "3f9a0c11d2e4",
            name: "shop",
            secretHash: [],
            scopes: scopes,
            grants: grants,
            createdAt: 1_800_000_000_000_000
        )
        record.lastUsedAt = 1_800_000_060_000_000
        return ShownKey(record, at: 1_800_000_100_000_000)
    }

    @Test func `a key's rights are shown within 80 columns`() {
        let patterns = (0..<30).map { "entity-\($0).*" }
        let lines = key(Set(Scope.allCases), Grants(events: patterns, jobs: ["ticket.generation.requested"]))
            .lines(width: 80).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
        for pattern in patterns { #expect(lines.contains { $0.contains(pattern) }) }
        #expect(lines.contains("  jobs    ticket.generation.requested"))
        #expect(lines.contains("  used    2027-01-15T08:01:00.000Z"))
    }

    @Test func `grants are shown of keys that may enqueue, and none is said to be none`() {
        #expect(!key([.read]).lines(width: 80).contains("events"))
        #expect(key([.enqueue]).lines(width: 80).contains("  events  default"))
        #expect(key([.enqueue], Grants(events: ["a.b"])).lines(width: 80).contains("  jobs    none"))
    }
}
