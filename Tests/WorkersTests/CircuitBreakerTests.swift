@testable import Workers
import Testing

struct CircuitBreakerTests {
    @Test func `it opens at the third outage in a row, not before`() {
        var breaker = CircuitBreaker(threshold: 3)
        #expect(breaker.recordOutage() == .none)
        #expect(breaker.recordOutage() == .none)
        #expect(!breaker.isOpen)
        #expect(breaker.recordOutage() == .probe(after: .milliseconds(250)))
        #expect(breaker.isOpen)
    }

    @Test func `a success in between starts the count anew`() {
        var breaker = CircuitBreaker(threshold: 2)
        _ = breaker.recordOutage()
        breaker.recordSuccess()
        #expect(breaker.recordOutage() == .none)
        #expect(!breaker.isOpen)
    }

    @Test func `while it is open further outages start no second probe`() {
        var breaker = CircuitBreaker(threshold: 1)
        #expect(breaker.recordOutage() == .probe(after: .milliseconds(250)))
        #expect(breaker.recordOutage() == .none)
    }

    @Test func `failed probes come at doubling intervals up to the longest, and a good one closes it`() {
        var breaker = CircuitBreaker(threshold: 1, firstProbe: .milliseconds(250), longestProbe: .seconds(1))
        _ = breaker.recordOutage()
        #expect(breaker.recordProbe(succeeded: false) == .probe(after: .milliseconds(500)))
        #expect(breaker.recordProbe(succeeded: false) == .probe(after: .seconds(1)))
        #expect(breaker.recordProbe(succeeded: false) == .probe(after: .seconds(1)))
        #expect(breaker.recordProbe(succeeded: true) == .resume)
        #expect(!breaker.isOpen)
    }

    @Test func `it does not flap: opening again before any work went through, it waits longer each time`() {
        var breaker = CircuitBreaker(threshold: 1)
        for wait in [250, 500, 1_000, 2_000, 4_000, 4_000] {
            #expect(breaker.recordOutage() == .probe(after: .milliseconds(wait)))
            #expect(breaker.recordProbe(succeeded: true) == .resume)
            #expect(!breaker.isClear)
        }
        breaker.recordSuccess()
        #expect(breaker.isClear)
        #expect(breaker.recordOutage() == .probe(after: .milliseconds(250)))
    }
}
