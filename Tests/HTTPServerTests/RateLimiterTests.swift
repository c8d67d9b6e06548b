@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
@testable import FlotillaStorage
import Testing

struct RateAllowanceTests {
    private static let start = ContinuousClock.now

    private func grant(_ granted: Int, next: Duration = .zero, left: Int = 0) -> RateLimits.Grant {
        RateLimits.Grant(granted: granted, next: next, left: left)
    }

    @Test(
        arguments: [
            (10_000, 20_000, 100), (500, 2_000, 5), (10, 100, 1), (1.0 / 60, 1, 1), (1e6, 1_000_000, 10_000),
        ] as [(Double, Int, Int)]
    )
    func `a process takes the permits of 10 ms ahead, and a twentieth of the burst at most`(
        rate: Double,
        burst: Int,
        batch: Int
    ) { #expect(RateLimit(rate: rate, burst: burst).batch == batch) }

    @Test func `nothing is known before Redis has answered; then its permits are used up one by one`() {
        var allowance = RateAllowance(RateLimit(rate: 1_000, burst: 1_000))
        #expect(allowance.take(at: Self.start) == nil)
        allowance.note(grant(2, left: 7), at: Self.start)
        #expect(allowance.take(at: Self.start)?.remaining == 8)
        #expect(allowance.take(at: Self.start)?.isGranted == true)
        #expect(allowance.take(at: Self.start) == nil)
    }

    @Test func `permits that are not used within a second are given up`() {
        var allowance = RateAllowance(RateLimit(rate: 1_000, burst: 1_000))
        allowance.note(grant(10), at: Self.start)
        #expect(allowance.take(at: Self.start + .milliseconds(999))?.isGranted == true)
        #expect(allowance.take(at: Self.start + .seconds(1)) == nil)
        allowance.note(grant(1), at: Self.start + .seconds(2))
        #expect(allowance.take(at: Self.start + .seconds(2))?.isGranted == true)
        #expect(allowance.take(at: Self.start + .seconds(2)) == nil)
    }

    @Test func `a refusal holds until the next permit, without another question`() {
        var allowance = RateAllowance(RateLimit(rate: 1, burst: 5))
        allowance.note(grant(0, next: .milliseconds(700)), at: Self.start)
        let refused = allowance.take(at: Self.start + .milliseconds(200))
        #expect(refused == RateDecision(isGranted: false, remaining: 0, retryAfter: .milliseconds(500)))
        #expect(allowance.take(at: Self.start + .milliseconds(700)) == nil)
    }

    @Test func `what was used of the common limit counts for the process alone as well`() {
        var allowance = RateAllowance(RateLimit(rate: 1, burst: 5))
        allowance.note(grant(3, left: 2), at: Self.start)
        for _ in 0..<3 { #expect(allowance.take(at: Self.start)?.isGranted == true) }
        #expect(allowance.takeLocally(at: Self.start).remaining == 1)
        #expect(allowance.takeLocally(at: Self.start).isGranted)
        let refused = allowance.takeLocally(at: Self.start)
        #expect(refused == RateDecision(isGranted: false, remaining: 0, retryAfter: .seconds(1)))
        #expect(!allowance.isForgettable(at: Self.start + .seconds(4)))
        #expect(allowance.isForgettable(at: Self.start + .seconds(5)))
    }
}

struct RateLimiterTests {
    @Test func `each caller has a burst, and callers do not share it`() async {
        let limiter = RateLimiter(RateLimit(rate: 0.01, burst: 3), name: "test", shared: nil)
        for caller in ["a", "b"] {
            for left in [2, 1, 0] {
                let decision = await limiter.take(caller)
                #expect(decision == RateDecision(isGranted: true, remaining: left, retryAfter: .zero))
            }
            #expect(limiter.refusal(of: caller) != nil)
            #expect(await limiter.take(caller).isGranted == false)
        }
        #expect(limiter.refusal(of: "c") == nil)
    }

    @Test func `many callers at once do not fill the memory, and those who are refused stay so meanwhile`() async {
        let limiter = RateLimiter(RateLimit(rate: 0.01, burst: 1), name: "test", shared: nil)
        for number in 0..<5_000 { _ = await limiter.take("x\(number)") }
        #expect(await limiter.take("x0").isGranted == false)
        for number in 5_000..<25_000 { _ = await limiter.take("x\(number)") }
        #expect(limiter.callers <= 10_000)
    }

    @Test(
        arguments: [
            (Duration.zero, 1), (.milliseconds(1), 1), (.seconds(1), 1), (.milliseconds(1_001), 2),
            (.seconds(59.2), 60),
        ] as [(Duration, Int)]
    )
    func `times to wait are whole seconds, and never none`(duration: Duration, seconds: Int) {
        #expect(RateLimit.seconds(of: duration) == seconds)
    }
}
