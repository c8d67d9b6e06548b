@testable import FlotillaWebhooks
@testable import Workers
import Testing

struct EndpointLimiterTests {
    private let start = ContinuousClock.now

    private func enters(_ admission: EndpointLimiter.Admission) -> Bool {
        if case .enter = admission { true } else { false }
    }

    private func wait(_ admission: EndpointLimiter.Admission) -> Duration? {
        if case .wait(let wait) = admission { wait } else { nil }
    }

    /// One that has just been out `count` times in a row.
    private func limiter(after count: Int) -> EndpointLimiter {
        var limiter = EndpointLimiter()
        for _ in 0..<count {
            _ = limiter.enter(at: start, hasRoom: true)
            limiter.leave(isProbe: false, .outage(hold: nil), took: .seconds(1), at: start)
        }
        return limiter
    }

    @Test func `an endpoint gets four requests at a time, and the next one when one is back`() {
        var limiter = EndpointLimiter()
        for _ in 0..<EndpointLimiter.slots {
            #expect(limiter.enter(at: start, hasRoom: true) == .enter(isProbe: false))
        }
        #expect(!enters(limiter.enter(at: start, hasRoom: true)))
        limiter.leave(isProbe: false, .answer, took: .milliseconds(10), at: start)
        #expect(enters(limiter.enter(at: start, hasRoom: true)))
    }

    @Test func `a host without room lets nothing in, and nothing is counted as running`() {
        var limiter = EndpointLimiter()
        #expect(!enters(limiter.enter(at: start, hasRoom: false)))
        for _ in 0..<EndpointLimiter.slots { #expect(enters(limiter.enter(at: start, hasRoom: true))) }
    }

    @Test func `after one outage a single request goes at a time`() {
        var limiter = limiter(after: 1)
        #expect(enters(limiter.enter(at: start, hasRoom: true)))
        #expect(!enters(limiter.enter(at: start, hasRoom: true)))
        limiter.leave(isProbe: false, .answer, took: .milliseconds(10), at: start)
        for _ in 0..<EndpointLimiter.slots { #expect(enters(limiter.enter(at: start, hasRoom: true))) }
    }

    @Test func `after five outages nothing goes but a trial, one at a time and ever more seldom`() {
        var limiter = limiter(after: 5)
        #expect(limiter.breaker.isOpen)
        var now = start
        var waits: [Duration] = []
        for _ in 0..<10 {
            var steps = 0
            let before = now
            while !enters(limiter.enter(at: now, hasRoom: true)) {
                now = now.advanced(by: .milliseconds(250))
                steps += 1
                guard steps < 1_000 else { break }
            }
            waits.append(now - before)
            #expect(!enters(limiter.enter(at: now, hasRoom: true)), "a second trial")
            limiter.leave(isProbe: true, .outage(hold: nil), took: .zero, at: now)
        }
        #expect(waits.first == .seconds(1))
        #expect(waits[1] == .seconds(2) && waits[2] == .seconds(4))
        #expect(waits.last == .seconds(60))
    }

    @Test func `a trial that is answered opens the way at once`() {
        var limiter = limiter(after: 5)
        let later = start.advanced(by: .seconds(2))
        #expect(limiter.enter(at: later, hasRoom: true) == .enter(isProbe: true))
        limiter.leave(isProbe: true, .answer, took: .zero, at: later)
        #expect(!limiter.breaker.isOpen)
        for _ in 0..<EndpointLimiter.slots { #expect(enters(limiter.enter(at: later, hasRoom: true))) }
    }

    @Test func `a trial that was not made decides nothing`() {
        var limiter = limiter(after: 5)
        let later = start.advanced(by: .seconds(2))
        #expect(enters(limiter.enter(at: later, hasRoom: true)))
        limiter.leave(isProbe: true, .nothing, took: .zero, at: later)
        #expect(limiter.breaker.isOpen)
        #expect(enters(limiter.enter(at: later, hasRoom: true)))
    }

    @Test func `an endpoint that asks to be left alone is, at once and for that long`() {
        var limiter = EndpointLimiter()
        _ = limiter.enter(at: start, hasRoom: true)
        limiter.leave(isProbe: false, .outage(hold: .seconds(90)), took: .zero, at: start)
        #expect(limiter.breaker.isOpen)
        #expect((wait(limiter.enter(at: start.advanced(by: .seconds(1)), hasRoom: true)) ?? .zero) >= .seconds(89))
        #expect(!enters(limiter.enter(at: start.advanced(by: .seconds(89)), hasRoom: true)))
        #expect(enters(limiter.enter(at: start.advanced(by: .seconds(91)), hasRoom: true)))
    }

    @Test func `those who wait get turns one after the other, none later than ten minutes`() {
        var limiter = EndpointLimiter()
        for _ in 0..<EndpointLimiter.slots { _ = limiter.enter(at: start, hasRoom: true) }
        let waits = (0..<100_000).map { _ in wait(limiter.enter(at: start, hasRoom: true)) ?? .zero }
        #expect(waits[1_000] > waits[100] && waits[100] > waits[10])
        #expect(waits.allSatisfy { $0 >= .milliseconds(100) && $0 <= .seconds(600) })
    }
}
