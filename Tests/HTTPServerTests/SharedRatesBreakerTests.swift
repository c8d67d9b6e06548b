@testable import FlotillaHTTPServer
import Testing

struct SharedRatesBreakerTests {
    private static let start = ContinuousClock.now
    private var breaker = SharedRatesBreaker()

    private mutating func miss(after wait: Duration, lasting length: Duration = .milliseconds(5))
        -> SharedRatesBreaker.Change
    {
        breaker.recordMiss(askedAt: Self.start + wait, at: Self.start + wait + length)
    }

    @Test mutating func `three late or failed answers in a row open it, one or two do not`() {
        #expect(miss(after: .zero) == .none)
        #expect(miss(after: .milliseconds(10)) == .none)
        #expect(breaker.access(at: Self.start + .milliseconds(15)) == .ask)
        #expect(miss(after: .milliseconds(20)) == .opened)
        #expect(breaker.access(at: Self.start + .milliseconds(25)) == .none)
    }

    @Test mutating func `a good answer between them begins the count anew`() {
        for round in 0..<5 {
            #expect(miss(after: .seconds(round)) == .none)
            #expect(miss(after: .seconds(round) + .milliseconds(10)) == .none)
            #expect(breaker.recordAnswer() == .none)
        }
        #expect(!breaker.isOpen)
    }

    @Test mutating func `waits that overlap are one late answer`() {
        for number in 0..<100 { #expect(miss(after: .microseconds(number)) == .none) }
        // The question that all have waited for fails in the end.
        #expect(miss(after: .zero, lasting: .seconds(2)) == .none)
        #expect(!breaker.isOpen)
    }

    @Test mutating func `it is tried once a second while it is open, and a good answer closes it`() {
        for number in 0..<3 { _ = miss(after: .milliseconds(10 * number)) }
        let later = Self.start + .milliseconds(1_025)
        #expect(breaker.access(at: later) == .probe)
        #expect(breaker.access(at: later) == .none)
        #expect(breaker.recordMiss(askedAt: later, at: later + .seconds(2)) == .none)
        #expect(breaker.access(at: later + .milliseconds(2_999)) == .none)
        #expect(breaker.access(at: later + .seconds(3)) == .probe)
        #expect(breaker.recordAnswer() == .closed)
        #expect(breaker.access(at: later + .seconds(3)) == .ask)
        #expect(breaker.recordMiss(askedAt: later + .seconds(4), at: later + .seconds(5)) == .none)
    }
}
