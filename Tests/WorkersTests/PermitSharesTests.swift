import FlotillaModels
@testable import Workers
import Testing

struct PermitSharesTests {
    /// Levels that always have messages, executed one after the other.
    private struct Load {
        var shares = PermitShares(1)
        var waiting: [Int: JobPriority] = [:]
        private var number = 0

        mutating func ask(_ level: JobPriority) {
            number += 1
            waiting[number] = level
            shares.ask(number, level)
        }

        /// Grants the one permit as often as told; whose turn it was asks again at once, as long as it is `busy`.
        mutating func run(_ turns: Int, busy: Set<JobPriority> = Set(JobPriority.allCases)) -> [JobPriority] {
            var order: [JobPriority] = []
            for _ in 0..<turns {
                guard let granted = shares.grant(), let level = waiting.removeValue(forKey: granted) else { break }
                order.append(level)
                if busy.contains(level) { ask(level) }
                shares.giveBack()
            }
            return order
        }
    }

    private func count(_ order: some Sequence<JobPriority>) -> [JobPriority: Int] {
        Dictionary(order.map { ($0, 1) }, uniquingKeysWith: +)
    }

    @Test func `under constant load of all levels the shares are 1, 4 and 16`() {
        var load = Load()
        for level in JobPriority.allCases { load.ask(level) }
        let order = load.run(2_100)
        #expect(count(order) == [.low: 100, .normal: 400, .high: 1_600])
    }

    @Test func `the low level is never left out for long`() {
        var load = Load()
        for level in JobPriority.allCases { load.ask(level) }
        let order = load.run(2_100)
        for start in stride(from: 0, to: order.count - 42, by: 1) {
            #expect(order[start..<start + 42].contains(.low))
        }
    }

    @Test func `the share of a level without messages goes to the others, by their weights`() {
        var load = Load()
        load.ask(.low)
        load.ask(.normal)
        let shared = load.run(500)
        #expect(count(shared) == [.low: 100, .normal: 400])
        var alone = Load()
        alone.ask(.low)
        let whole = alone.run(500)
        #expect(count(whole) == [.low: 500])
    }

    @Test func `a level that had no messages has saved nothing up`() {
        var load = Load()
        load.ask(.normal)
        load.ask(.low)
        _ = load.run(5_000)
        load.ask(.high)
        let order = load.run(210)
        let counts = count(order)
        #expect((150...165).contains(counts[.high] ?? 0))
        #expect((38...44).contains(counts[.normal] ?? 0))
        #expect((8...12).contains(counts[.low] ?? 0))
    }

    @Test func `a level that had the slots for itself owes the others nothing`() {
        var load = Load()
        load.ask(.low)
        _ = load.run(1_000)
        load.ask(.high)
        // One at 16 of the others, and that is the whole of its debt.
        let order = load.run(40)
        #expect(order.count { $0 == .low } >= 2)
    }

    @Test func `many messages for one permit count as many`() {
        var load = Load()
        for level in [JobPriority.low, .high] { load.ask(level) }
        var messages: [JobPriority: Int] = [:]
        for _ in 0..<1_000 {
            guard let level = load.run(1).first else { break }
            let size = level == .high ? 10 : 1
            load.shares.charge(level, messages: size)
            messages[level, default: 0] += size
        }
        let ratio = Double(messages[.high] ?? 0) / Double(messages[.low] ?? 1)
        #expect((15...17).contains(ratio), "\(messages)")
    }

    @Test func `a permit that found no message costs nothing`() {
        var load = Load()
        for level in [JobPriority.normal, .high] { load.ask(level) }
        var found: [JobPriority: Int] = [:]
        for turn in 0..<1_000 {
            guard let level = load.run(1).first else { break }
            let isEmpty = level == .high && turn % 2 == 0
            load.shares.charge(level, messages: isEmpty ? 0 : 1)
            if !isEmpty { found[level, default: 0] += 1 }
        }
        let ratio = Double(found[.high] ?? 0) / Double(found[.normal] ?? 1)
        #expect((3.5...4.5).contains(ratio), "\(found)")
    }

    @Test func `nobody gets more permits than there are, and who has withdrawn gets none`() {
        var shares = PermitShares(2)
        for waiter in 1...4 { shares.ask(waiter, .normal) }
        let first = [shares.grant(), shares.grant(), shares.grant()]
        #expect(first == [1, 2, nil])
        let withdrawn = [3, 3, 1].map { shares.withdraw($0) }
        #expect(withdrawn == [true, false, false])
        shares.giveBack()
        let second = [shares.grant(), shares.grant()]
        #expect(second == [4, nil])
        shares.giveBack()
        shares.giveBack()
        let third = shares.grant()
        #expect(third == nil && shares.free == 2)
    }
}
