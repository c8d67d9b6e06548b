import FlotillaHTTPServer
import Synchronization
import Testing

struct KeyUsesTests {
    private struct Away: Error {}

    private let start = ContinuousClock.now

    private func flush(_ uses: KeyUses, after time: Duration) async throws -> [KeyUses.Use] {
        var written: [KeyUses.Use] = []
        try await uses.flush(at: start + time) { written = $0 }
        return written
    }

    @Test func `the first use is written at once, and later ones once a minute with the last of them`() async throws {
        let uses = KeyUses()
        #expect(try await flush(uses, after: .zero).isEmpty)
        for second in 1...3 { uses.note("a", at: start + .seconds(second)) }
        #expect(try await flush(uses, after: .seconds(5)).map(\.ago) == [.seconds(2)])
        uses.note("a", at: start + .seconds(10))
        uses.note("b", at: start + .seconds(12))
        #expect(try await flush(uses, after: .seconds(20)).map(\.id) == ["b"])
        uses.note("a", at: start + .seconds(61))
        let later = try await flush(uses, after: .seconds(66))
        #expect(later.map(\.id) == ["a"] && later.map(\.ago) == [.seconds(5)])
    }

    @Test func `at the end everything is written`() async throws {
        let uses = KeyUses()
        uses.note("a", at: start)
        #expect(try await flush(uses, after: .seconds(1)).count == 1)
        uses.note("a", at: start + .seconds(2))
        #expect(try await flush(uses, after: .seconds(3)).isEmpty)
        var last: [KeyUses.Use] = []
        try await uses.flush(at: start + .seconds(3), isLast: true) { last = $0 }
        #expect(last.map(\.ago) == [.seconds(1)])
    }

    @Test func `a key that is not used is not written again`() async throws {
        let uses = KeyUses()
        uses.note("a", at: start)
        #expect(try await flush(uses, after: .seconds(1)).count == 1)
        #expect(try await flush(uses, after: .seconds(600)).isEmpty)
    }

    @Test func `what could not be written is written the next time`() async throws {
        let uses = KeyUses()
        uses.note("a", at: start)
        await #expect(throws: Away.self) { try await uses.flush(at: start) { _ in throw Away() } }
        #expect(try await flush(uses, after: .seconds(1)).count == 1)
    }
}
