import FlotillaModels
import Testing

@testable import FlotillaJobs

struct KeyTurnsTests {
    private static func key(_ name: String, _ count: Int, held: Int = 0, starts: [Int64] = []) -> KeyTurns.Key {
        KeyTurns.Key(key: name, waiting: (0..<count).map { "\(name)\($0)" }, held: held, starts: starts)
    }

    private static func choose(_ keys: [KeyTurns.Key], _ capacity: Int, _ limits: JobLimits? = nil) -> KeyTurns.Choice {
        KeyTurns(keys: keys, limits: limits, now: 10_000_000).choose(capacity)
    }

    @Test func `each key has one job in its turn, however many it has`() {
        let choice = Self.choose([Self.key("a", 100), Self.key("b", 2), Self.key("c", 1)], 6)
        #expect(choice.jobs == ["a0", "b0", "c0", "a1", "b1", "a2"])
        #expect(choice.lastKey == "a")
        #expect(choice.nextAt == nil && choice.full.isEmpty)
    }

    @Test func `what there is room for is taken, and the last key is told`() {
        let choice = Self.choose([Self.key("a", 5), Self.key("b", 5)], 3)
        #expect(choice.jobs == ["a0", "b0", "a1"])
        #expect(Self.choose([Self.key("a", 5)], 0) == KeyTurns.Choice())
        #expect(Self.choose([], 5) == KeyTurns.Choice())
    }

    @Test func `a key at its limit of jobs at a time is passed over, those under way counted`() {
        let limits = JobLimits(concurrency: 3)
        let choice = Self.choose([Self.key("a", 5, held: 2), Self.key("b", 5, held: 3), Self.key("c", 1)], 10, limits)
        #expect(choice.jobs == ["a0", "c0"])
        #expect(choice.full.map(\.key) == ["b", "a"])
    }

    @Test func `a rate counts the starts within the window, and says when the next is free`() {
        let limits = JobLimits(rate: .init(count: 2, window: .seconds(5)))
        // One start of a is 6 s old, and one 1 s; those of b are 4 s and 3 s old.
        let keys = [
            Self.key("a", 3, starts: [9_000_000, 4_000_000]), Self.key("b", 3, starts: [7_000_000, 6_000_000]),
        ]
        let choice = Self.choose(keys, 10, limits)
        #expect(choice.jobs == ["a0"])
        // The older start of b leaves the window at 11 s; that of a at 14 s.
        #expect(choice.nextAt == 11_000_000)
        #expect(choice.full.isEmpty)
    }

    @Test func `without any start within the window as many start at once as the rate allows`() {
        let limits = JobLimits(rate: .init(count: 3, window: .seconds(1)))
        let choice = Self.choose([Self.key("a", 9)], 9, limits)
        #expect(choice.jobs == ["a0", "a1", "a2"])
        #expect(choice.nextAt == 11_000_000)
    }
}
