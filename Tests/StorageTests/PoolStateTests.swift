@testable import FlotillaStorage
import Testing

struct PoolStateTests {
    private let start = ContinuousClock.now

    @Test func `no more connections are made than the pool's size`() {
        var state = PoolState(size: 2)
        #expect(state.acquire(waiter: 1, now: start) == [.connect(connection: 1)])
        #expect(state.acquire(waiter: 2, now: start) == [.connect(connection: 2)])
        #expect(state.acquire(waiter: 3, now: start) == [])
    }

    @Test func `a connection given back goes to the one who waits longest`() {
        var state = PoolState(size: 1)
        for waiter in 1...3 { _ = state.acquire(waiter: waiter, now: start) }
        #expect(state.connected(1, now: start) == [.grant(connection: 1, waiter: 1)])
        #expect(state.cancel(waiter: 2) == [.fail(waiter: 2)])
        #expect(state.release(1, isUsable: true, now: start) == [.grant(connection: 1, waiter: 3)])
        #expect(state.takeIdle() == nil)
    }

    @Test func `idle connections can be parted with, and those in use stay`() {
        var state = PoolState(size: 2)
        for waiter in 1...2 { _ = state.acquire(waiter: waiter, now: start) }
        _ = state.connected(1, now: start)
        _ = state.connected(2, now: start)
        _ = state.release(1, isUsable: true, now: start)
        #expect(state.dropIdle() == [.close(connection: 1)])
        #expect(state.takeIdle() == nil)
        #expect(state.release(2, isUsable: true, now: start) == [])
        #expect(state.takeIdle() == 2)
    }

    @Test func `nobody overtakes those who wait`() {
        var state = PoolState(size: 1)
        _ = state.acquire(waiter: 1, now: start)
        _ = state.connected(1, now: start)
        _ = state.acquire(waiter: 2, now: start)
        #expect(state.release(1, isUsable: true, now: start) == [.grant(connection: 1, waiter: 2)])
        #expect(state.release(1, isUsable: true, now: start) == [])
        #expect(state.takeIdle() == 1)
    }

    @Test func `a dead connection is closed and replaced for those who wait`() {
        var state = PoolState(size: 1)
        _ = state.acquire(waiter: 1, now: start)
        _ = state.connected(1, now: start)
        _ = state.acquire(waiter: 2, now: start)
        #expect(
            state.release(1, isUsable: false, now: start) == [.close(connection: 1), .connect(connection: 2)]
        )
    }

    @Test
    func `a failed connect fails everyone when there is no connection, and later calls until the backoff is over`() {
        var state = PoolState(size: 2)
        _ = state.acquire(waiter: 1, now: start)
        #expect(
            state.connectFailed(1, now: start, chance: 0) == [.close(connection: 1), .fail(waiter: 1)]
        )
        #expect(state.acquire(waiter: 2, now: start) == [.fail(waiter: 2)])
        #expect(state.acquire(waiter: 3, now: start + .seconds(1)) == [.connect(connection: 2)])
        // Only one connection tries the way while it may still be blocked.
        #expect(state.acquire(waiter: 4, now: start + .seconds(1)) == [])
        #expect(state.connected(2, now: start + .seconds(1)).contains(.grant(connection: 2, waiter: 3)))
    }

    @Test func `with a connection in use a failed connect leaves the others waiting for it`() {
        var state = PoolState(size: 2)
        _ = state.acquire(waiter: 1, now: start)
        _ = state.connected(1, now: start)
        #expect(state.acquire(waiter: 2, now: start) == [.connect(connection: 2)])
        #expect(state.connectFailed(2, now: start, chance: 0) == [.close(connection: 2)])
        #expect(state.release(1, isUsable: true, now: start) == [.grant(connection: 1, waiter: 2)])
    }

    @Test func `the last dead connection fails those who wait while the backoff lasts`() {
        var state = PoolState(size: 2)
        _ = state.acquire(waiter: 1, now: start)
        _ = state.connected(1, now: start)
        _ = state.acquire(waiter: 2, now: start)
        _ = state.connectFailed(2, now: start, chance: 0)
        #expect(state.release(1, isUsable: false, now: start) == [.close(connection: 1), .fail(waiter: 2)])
    }

    @Test func `a closed pool closes what comes back and serves nobody`() {
        var state = PoolState(size: 2)
        _ = state.acquire(waiter: 1, now: start)
        _ = state.connected(1, now: start)
        _ = state.acquire(waiter: 2, now: start)
        #expect(state.close() == [.fail(waiter: 2)])
        #expect(state.connected(2, now: start) == [.close(connection: 2)])
        #expect(state.release(1, isUsable: true, now: start) == [.close(connection: 1)])
        #expect(state.acquire(waiter: 3, now: start) == [.fail(waiter: 3)])
    }

    @Test func `the wait before another connect doubles up to two seconds`() {
        var backoff = ReconnectBackoff()
        let waits = (0..<8).map { _ in backoff.next(chance: 0) }
        #expect(waits.first == .milliseconds(50))
        #expect(waits[1] == .milliseconds(100))
        #expect(waits.last == .seconds(2))
        #expect(backoff.next(chance: 1) == .seconds(1))
        backoff.reset()
        #expect(backoff.next(chance: 0) == .milliseconds(50))
    }
}
