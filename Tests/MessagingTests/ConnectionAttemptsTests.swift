import Testing

@testable import FlotillaMessaging

struct ConnectionAttemptsTests {
    private let start = ContinuousClock.now
    private let error = AMQPError.closed("connect")
    private var attempts = ConnectionAttempts(backoff: Backoff(base: .milliseconds(100), cap: .seconds(3)))

    @Test mutating func `after one failure the next attempt is allowed at once`() throws {
        try attempts.begin(at: start)
        attempts.failed(error, at: start, chance: 1)
        try attempts.begin(at: start)
    }

    @Test mutating func `failures in a row pause longer and longer, and answer with the last error`() throws {
        try attempts.begin(at: start)
        attempts.failed(.closed("earlier"), at: start, chance: 1)
        for (elapsed, pause) in [(0, 200), (200, 400), (600, 800)] {
            let now = start + .milliseconds(elapsed)
            try attempts.begin(at: now)
            attempts.failed(error, at: now, chance: 1)
            #expect(throws: error) { try attempts.begin(at: now + .milliseconds(pause - 1)) }
        }
        try attempts.begin(at: start + .milliseconds(1_400))
    }

    @Test mutating func `a connection that held forgets the failures before it`() throws {
        for _ in 0..<3 {
            try attempts.begin(at: start + .seconds(10))
            attempts.failed(error, at: start, chance: 1)
        }
        try attempts.begin(at: start + .seconds(20))
        attempts.succeeded(at: start + .seconds(20))
        let loss = start + .seconds(20) + Reconnection.stability
        attempts.failed(error, at: loss, chance: 1)
        try attempts.begin(at: loss)
    }

    @Test mutating func `connections that are lost again and again pause the next attempt`() throws {
        for _ in 0..<2 {
            try attempts.begin(at: start)
            attempts.succeeded(at: start)
            attempts.failed(error, at: start, chance: 1)
        }
        #expect(throws: error) { try attempts.begin(at: start) }
    }
}
