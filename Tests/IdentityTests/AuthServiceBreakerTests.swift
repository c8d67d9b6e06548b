import Testing

@testable import FlotillaIdentity

struct AuthServiceBreakerTests {
    private let start = ContinuousClock.now

    @Test func `after three failures in a row nobody is let through, and then one at a time`() {
        var breaker = AuthServiceBreaker()
        for _ in 0..<2 {
            #expect(breaker.admit(at: start) == nil)
            #expect(breaker.recordFailure(holding: nil, at: start) == .none)
        }
        #expect(breaker.recordFailure(holding: nil, at: start) == .opened)
        #expect(breaker.admit(at: start) == .seconds(1))
        #expect(breaker.admit(at: start + .milliseconds(900)) == .milliseconds(100))
        #expect(breaker.admit(at: start + .seconds(1)) == nil)
        #expect(breaker.admit(at: start + .seconds(1)) != nil)
        #expect(breaker.recordFailure(holding: nil, at: start + .seconds(1)) == .none)
        #expect(breaker.admit(at: start + .seconds(2)) == .seconds(1))
        #expect(breaker.admit(at: start + .seconds(3)) == nil)
        #expect(breaker.recordSuccess() == .closed)
        #expect(breaker.admit(at: start + .seconds(3)) == nil)
        #expect(breaker.admit(at: start + .seconds(3)) == nil)
    }

    @Test func `a success between failures starts the count anew`() {
        var breaker = AuthServiceBreaker()
        for _ in 0..<10 {
            #expect(breaker.recordFailure(holding: nil, at: start) == .none)
            #expect(breaker.recordFailure(holding: nil, at: start) == .none)
            #expect(breaker.recordSuccess() == .none)
        }
    }

    @Test func `a service that asks to be left alone is, for as long as it asks`() {
        var breaker = AuthServiceBreaker()
        #expect(breaker.recordFailure(holding: .seconds(30), at: start) == .opened)
        #expect(breaker.admit(at: start + .seconds(29)) == .seconds(1))
        #expect(breaker.admit(at: start + .seconds(30)) == nil)
    }
}
