/// Which connections a pool has and who waits for one: a value that answers each event with what to do.
///
/// Waiters are served in the order in which they came. While no connection can be made and none is left,
/// every waiter fails at once; after a failed connect the next one waits for its backoff.
struct PoolState {
    enum Action: Hashable {
        case connect(connection: Int)
        case grant(connection: Int, waiter: Int)
        case fail(waiter: Int)
        case close(connection: Int)
    }

    private let size: Int
    private var idle: [Int] = []
    private var leased: Set<Int> = []
    private var connecting: Set<Int> = []
    private var waiters: [Int] = []
    private var nextConnection = 0
    private var backoff = ReconnectBackoff()
    private var retryAt: ContinuousClock.Instant?
    private var isClosed = false

    init(size: Int) { self.size = max(size, 1) }

    var waiting: Int { waiters.count }
    var inUse: Int { leased.count }

    /// The connection that was used last, when nobody has to wait for it: the shortcut around ``acquire(waiter:now:)``.
    mutating func takeIdle() -> Int? {
        guard waiters.isEmpty, let connection = idle.popLast() else { return nil }
        leased.insert(connection)
        return connection
    }

    mutating func acquire(waiter: Int, now: ContinuousClock.Instant) -> [Action] {
        waiters.append(waiter)
        return serve(now)
    }

    mutating func cancel(waiter: Int) -> [Action] {
        guard let index = waiters.firstIndex(of: waiter) else { return [] }
        waiters.remove(at: index)
        return [.fail(waiter: waiter)]
    }

    mutating func connected(_ connection: Int, now: ContinuousClock.Instant) -> [Action] {
        connecting.remove(connection)
        if isClosed { return [.close(connection: connection)] }
        backoff.reset()
        retryAt = nil
        idle.append(connection)
        return serve(now)
    }

    /// - Parameter chance: from 0 to 1, for the jitter.
    mutating func connectFailed(_ connection: Int, now: ContinuousClock.Instant, chance: Double) -> [Action] {
        connecting.remove(connection)
        retryAt = now + backoff.next(chance: chance)
        return [.close(connection: connection)] + serve(now)
    }

    mutating func release(_ connection: Int, isUsable: Bool, now: ContinuousClock.Instant) -> [Action] {
        leased.remove(connection)
        guard isUsable, !isClosed else { return [.close(connection: connection)] + serve(now) }
        idle.append(connection)
        return serve(now)
    }

    /// Parts with the connections that nobody uses: what one has met is taken to be true of them.
    mutating func dropIdle() -> [Action] {
        defer { idle.removeAll() }
        return idle.map { .close(connection: $0) }
    }

    mutating func close() -> [Action] {
        isClosed = true
        defer {
            waiters.removeAll()
            idle.removeAll()
        }
        return waiters.map { .fail(waiter: $0) } + idle.map { .close(connection: $0) }
    }

    private mutating func serve(_ now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        var served = 0
        while served < waiters.count, let connection = idle.popLast() {
            leased.insert(connection)
            actions.append(.grant(connection: connection, waiter: waiters[served]))
            served += 1
        }
        waiters.removeFirst(served)
        guard !waiters.isEmpty else { return actions }
        if !isClosed, retryAt.map({ $0 <= now }) ?? true {
            // After a failure one connection tries the way for all.
            let room = min(size - leased.count, retryAt == nil ? waiters.count : 1) - connecting.count
            for _ in 0..<max(room, 0) {
                nextConnection += 1
                connecting.insert(nextConnection)
                actions.append(.connect(connection: nextConnection))
            }
        }
        if leased.isEmpty && connecting.isEmpty {
            actions += waiters.map { .fail(waiter: $0) }
            waiters.removeAll()
        }
        return actions
    }
}
