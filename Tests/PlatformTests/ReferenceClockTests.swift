@testable import FlotillaPlatform
import Testing

struct ReferenceClockTests {
    private let day: Int64 = 86_400_000_000

    @Test func `without a measurement it shows this machine's time`() {
        let clock = ReferenceClock()
        #expect(clock.skew == nil)
        #expect(abs(clock.microseconds() - WallClock.machine()) < 5_000_000)
    }

    @Test func `a machine that is two days ahead shows the reference's time`() throws {
        let clock = ReferenceClock()
        let now = WallClock.machine()
        clock.adopt(now - 2 * day, sentAt: ReferenceClock.uptime())
        #expect(abs(clock.microseconds() - now + 2 * day) < 5_000_000)
        #expect(abs(try #require(clock.skew) - 2 * day) < 5_000_000)
    }

    @Test func `setting this machine's clock does not move it`() throws {
        let clock = ReferenceClock()
        let (uptime, time) = (ReferenceClock.uptime(), WallClock.machine())
        clock.adopt(time, sentAt: uptime - 10, receivedAt: uptime + 10, machine: time)
        let before = clock.microseconds()
        // Measured anew on a machine that is a day ahead since then.
        clock.adopt(time, sentAt: uptime - 10, receivedAt: uptime + 10, machine: time + day)
        #expect(abs(clock.microseconds() - before) < 5_000_000)
    }

    @Test func `a measurement that agrees with what is known changes nothing`() {
        let clock = ReferenceClock()
        let uptime = ReferenceClock.uptime()
        clock.adopt(1_000_000, sentAt: uptime, receivedAt: uptime, machine: 0)
        let known = clock.skew.map { WallClock.machine() - $0 - ReferenceClock.uptime() }
        clock.adopt(1_000_400, sentAt: uptime, receivedAt: uptime + 800, machine: 0)
        let kept = clock.skew.map { WallClock.machine() - $0 - ReferenceClock.uptime() }
        #expect(abs((known ?? 0) - (kept ?? day)) < 200_000)
    }

    @Test func `a measurement on a long way is worth its middle`() {
        let clock = ReferenceClock()
        let uptime = ReferenceClock.uptime()
        clock.adopt(0, sentAt: uptime, receivedAt: uptime + 2_000_000, machine: day)
        // Read at the middle, that is at uptime + 1 s.
        let shown = clock.microseconds() - (ReferenceClock.uptime() - uptime)
        #expect(abs(shown + 1_000_000) < 200_000)
    }
}
