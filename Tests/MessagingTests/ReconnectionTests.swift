@testable import FlotillaMessaging
import Testing

struct ReconnectionTests {
    private let backoff = Backoff(base: .milliseconds(100), cap: .seconds(5))
    private let start = ContinuousClock.now

    @Test func `the wait doubles up to the cap, and chance takes off at most half`() {
        #expect(backoff.delay(afterFailures: 1, chance: 1) == .milliseconds(100))
        #expect(backoff.delay(afterFailures: 2, chance: 1) == .milliseconds(200))
        #expect(backoff.delay(afterFailures: 2, chance: 0) == .milliseconds(100))
        #expect(backoff.delay(afterFailures: 1_000, chance: 1) == .seconds(5))
    }

    @Test func `each failure in a row waits longer`() {
        var machine = Reconnection(backoff: backoff)
        #expect(machine.start() == .connect)
        #expect(machine.failed(at: start, chance: 1) == .wait(.milliseconds(100)))
        #expect(machine.waited() == .connect)
        #expect(machine.failed(at: start, chance: 1) == .wait(.milliseconds(200)))
    }

    @Test func `a connection that is lost at once counts as one more failure`() {
        var machine = Reconnection(backoff: backoff)
        _ = machine.start()
        _ = machine.failed(at: start, chance: 1)
        _ = machine.waited()
        machine.connected(at: start)
        #expect(machine.failed(at: start + .seconds(1), chance: 1) == .wait(.milliseconds(200)))
    }

    @Test func `a connection that held forgets the failures before it`() {
        var machine = Reconnection(backoff: backoff)
        _ = machine.start()
        _ = machine.failed(at: start, chance: 1)
        _ = machine.waited()
        machine.connected(at: start)
        #expect(machine.failed(at: start + .seconds(11), chance: 1) == .wait(.milliseconds(100)))
    }

    @Test func `a second report of the same loss starts no second wait`() {
        var machine = Reconnection(backoff: backoff)
        _ = machine.start()
        machine.connected(at: start)
        _ = machine.failed(at: start, chance: 1)
        #expect(machine.failed(at: start, chance: 1) == .nothing)
    }

    @Test func `nothing connects after close`() {
        var machine = Reconnection(backoff: backoff)
        _ = machine.start()
        _ = machine.failed(at: start, chance: 1)
        machine.close()
        #expect(machine.waited() == .nothing)
    }
}

struct HeartbeatMonitorTests {
    private let start = ContinuousClock.now

    @Test func `a heartbeat goes out after half an interval without sending`() {
        var monitor = HeartbeatMonitor(interval: .seconds(10), now: start)
        #expect(monitor.action(at: start + .seconds(4)) == .nothing)
        #expect(monitor.action(at: start + .seconds(5)) == .send)
        monitor.sent(at: start + .seconds(5))
        #expect(monitor.action(at: start + .seconds(6)) == .nothing)
    }

    @Test func `silence is noticed within two intervals, the period of asking included`() {
        let monitor = HeartbeatMonitor(interval: .seconds(10), now: start)
        #expect(monitor.action(at: start + .seconds(20) - monitor.period) == .giveUp)
        #expect(monitor.action(at: start + .seconds(15)) != .giveUp)
    }

    @Test func `an interval of zero asks for nothing`() {
        let monitor = HeartbeatMonitor(interval: .zero, now: start)
        #expect(monitor.action(at: start + .seconds(1_000)) == .nothing)
    }
}
