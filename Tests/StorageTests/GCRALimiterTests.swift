import FlotillaStorage
import Testing

struct GCRALimiterTests {
    @Test func `a pause gives a burst back, and no more`() {
        let start = ContinuousClock.now
        var limiter = GCRALimiter(rate: 10, burst: 3)
        #expect(limiter.take(5, at: start).granted == 3)
        #expect(limiter.take(1, at: start) == (0, .milliseconds(100)))
        #expect(limiter.take(1, at: start + .milliseconds(99)).granted == 0)
        #expect(limiter.take(5, at: start + .milliseconds(100)).granted == 1)
        #expect(limiter.take(5, at: start + .seconds(60)).granted == 3)
    }

    @Test(arguments: [(3.0, 7), (0.1, 2), (7.0, 100), (10_000.0, 20_000)])
    func `all permits of a burst are free at once, whatever the rate`(rate: Double, burst: Int) {
        let start = ContinuousClock.now
        var limiter = GCRALimiter(rate: rate, burst: burst)
        #expect(limiter.free(at: start) == burst)
        for taken in 1...min(burst, 1_000) {
            #expect(limiter.take(1, at: start).granted == 1)
            #expect(limiter.free(at: start) == burst - taken)
        }
    }
}
