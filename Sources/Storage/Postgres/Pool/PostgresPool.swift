import FlotillaPlatform
import Synchronization

/// Connections to one Postgres, made when they are needed, at most `size` of them.
///
/// A caller that finds none free waits its turn. While none can be made, calls fail at once with `.unavailable`.
package final class PostgresPool: Sendable {
    package let name: String
    package let configuration: PostgresConfiguration
    package let waitLimit: Duration?
    private let shared: Mutex<Shared>

    private struct Shared {
        var state: PoolState
        var connections: [Int: PostgresConnection] = [:]
        var waiters: [Int: CheckedContinuation<Result<PooledConnection, PostgresError>, Never>] = [:]
        var nextWaiter = 0
        var isClosed = false
        var lastProblem = PostgresError.unavailable("connect", "there is no connection yet")
        var listeners: [PostgresListener] = []
    }

    /// - Parameter waitLimit: how long a caller waits for a connection at most; as long as it takes unless given.
    package init(_ configuration: PostgresConfiguration, size: Int, name: String, waitLimit: Duration? = nil) {
        self.configuration = configuration
        self.name = name
        self.waitLimit = waitLimit
        shared = Mutex(Shared(state: PoolState(size: size)))
    }

    /// Executes one statement, in a transaction of its own.
    package func query(_ statement: SQLStatement) async throws(PostgresError) -> SQLResult {
        let results = try await pipeline([statement])
        guard let result = results.first else { throw .violation("query", "the server gave no result") }
        return result
    }

    /// Executes the statements in one round trip and one transaction: all of them take effect, or none.
    ///
    /// - Parameter limit: the deadline from now on, as in ``transaction(within:_:)``.
    package func pipeline(
        _ statements: [SQLStatement],
        within limit: Duration? = nil
    ) async throws(PostgresError) -> [SQLResult] {
        guard !statements.isEmpty else { return [] }
        let (connection, results) = try await open(.implicit(statements, until: limit.map { .now + $0 }))
        release(connection, isUsable: true)
        return results
    }

    /// Runs `body` in a transaction, which commits when `body` returns and rolls back when it throws.
    ///
    /// No connection is taken before the first statement. An error with `isCommitUnknown` means that the transaction
    /// may have been committed.
    /// - Parameter limit: how long it may take from now to its commit, the wait for a connection included. After that a
    ///   statement is cancelled on the server, and the error is a `.deadline`; or `.unavailable`, when the server does not
    ///   answer another session either. Without it only the server's limit for each statement holds.
    package func transaction<R: Sendable>(
        within limit: Duration? = nil,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        let transaction = PostgresTransaction(self, until: limit.map { .now + $0 })
        do {
            let value = try await body(transaction)
            try await transaction.finish()
            return value
        } catch {
            await transaction.abandon()
            throw error
        }
    }

    /// Yields once per notification on the channel and after each (re)connect, over a connection of its own.
    ///
    /// Behind a pooler that lends no sessions, and without a way past it, nothing is ever yielded.
    ///
    /// - Parameter channel: letters, digits and underscores.
    package func listen(_ channel: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        guard let configuration = configuration.withOwnSessions else { return stream }
        let listener = PostgresListener(configuration, channel: channel, name: "\(name)-listen", continuation)
        continuation.onTermination = { [weak self] _ in
            listener.stop()
            self?.shared.withLock { $0.listeners.removeAll { $0 === listener } }
        }
        let isClosed = shared.withLock { shared in
            if !shared.isClosed { shared.listeners.append(listener) }
            return shared.isClosed
        }
        if isClosed { continuation.finish() } else { listener.start() }
        return stream
    }

    /// Makes a round trip; returns how long it took.
    package func ping() async throws(PostgresError) -> Duration {
        let start = ContinuousClock.now
        _ = try await query(SQLStatement("SELECT 1"))
        return .now - start
    }

    /// The database's time, in microseconds since 1970; ``WallClock`` goes by it from then on.
    package func time() async throws(PostgresError) -> Int64 {
        let sentAt = ReferenceClock.uptime()
        let result = try await query(SQLStatement("SELECT clock_timestamp()"))
        guard let time = result.first?.timestamp(0) else { throw .violation("time", "the server gave none") }
        ReferenceClock.process.adopt(time, sentAt: sentAt)
        return time
    }

    /// Throws when a pooler shares sessions in a way that the configuration does not allow for; not for an outage.
    package func requireSoundSessions() async throws(PostgresError) {
        do { _ = try await ping() } catch { if error.code == .sharedSession { throw error } }
    }

    /// How many callers wait for a connection.
    package var waiting: Int { shared.withLock { $0.state.waiting } }

    /// How many connections are lent out.
    package var inUse: Int { shared.withLock { $0.state.inUse } }

    /// Closes every connection, those in use once they are given back; later calls fail with `.unavailable`.
    package func close() async {
        let (actions, listeners) = shared.withLock { shared in
            shared.isClosed = true
            shared.lastProblem = .unavailable("connect", "the pool is closed")
            defer { shared.listeners.removeAll() }
            return (shared.state.close(), shared.listeners)
        }
        for listener in listeners { listener.stop() }
        for action in actions {
            if case .close(let id) = action {
                await shared.withLock { $0.connections.removeValue(forKey: id) }?.close()
            } else {
                perform([action])
            }
        }
    }

    /// Takes a connection and makes the first trip with it, with another one when it has died in the meantime.
    func open(_ trip: RoundTrip) async throws(PostgresError) -> (PooledConnection, [SQLResult]) {
        while true {
            let connection = try await acquire(trip.operation, until: trip.deadline)
            do throws(RoundTripError) {
                return (connection, try await connection.run(trip))
            } catch {
                switch error {
                case .stale: release(connection, isUsable: false)
                case .failed(let problem):
                    release(connection, isUsable: await connection.session.isUsable)
                    noteFailure(problem)
                    throw problem
                }
            }
        }
    }

    func release(_ connection: PooledConnection, isUsable: Bool) {
        perform(shared.withLock { $0.state.release(connection.id, isUsable: isUsable, now: .now) })
    }

    /// Parts with all sessions on a server that takes no writes any more: after a failover new ones reach another.
    func noteFailure(_ problem: PostgresError) {
        guard problem.isReadOnly else { return }
        let (actions, listeners) = shared.withLock { ($0.state.dropIdle(), $0.listeners) }
        perform(actions)
        for listener in listeners { listener.renew() }
    }

    private func acquire(
        _ operation: String,
        until deadline: ContinuousClock.Instant?
    ) async throws(PostgresError) -> PooledConnection {
        let (ready, waiter) = shared.withLock { shared -> (PooledConnection?, Int) in
            if let id = shared.state.takeIdle(), let session = shared.connections[id] {
                return (PooledConnection(id: id, session: session), 0)
            }
            shared.nextWaiter += 1
            return (nil, shared.nextWaiter)
        }
        if let ready { return ready }
        let deadline = [deadline, waitLimit.map { .now + $0 }].compactMap(\.self).min()
        let timer = deadline.map { deadline in
            Task {
                try await Task.sleep(until: deadline)
                cancel(waiter)
            }
        }
        defer { timer?.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                perform(
                    shared.withLock { shared in
                        shared.waiters[waiter] = continuation
                        return shared.state.acquire(waiter: waiter, now: .now)
                    }
                )
                if Task.isCancelled { cancel(waiter) }
            }
        } onCancel: {
            cancel(waiter)
        }
        do {
            return try result.get()
        } catch {
            if Task.isCancelled { throw .cancelled(operation, whileIn: .connection) }
            if let deadline, .now >= deadline { throw .deadline(operation, .connection) }
            throw error
        }
    }

    private func cancel(_ waiter: Int) { perform(shared.withLock { $0.state.cancel(waiter: waiter) }) }

    private func perform(_ actions: [PoolState.Action]) {
        for action in actions {
            switch action {
            case .connect(let id): connect(id)
            case .grant(let id, let waiter):
                let (continuation, session) = shared.withLock {
                    ($0.waiters.removeValue(forKey: waiter), $0.connections[id])
                }
                guard let session else { preconditionFailure("connection \(id) was granted after its end") }
                continuation?.resume(returning: .success(PooledConnection(id: id, session: session)))
            case .fail(let waiter):
                let (continuation, problem) = shared.withLock {
                    ($0.waiters.removeValue(forKey: waiter), $0.lastProblem)
                }
                continuation?.resume(returning: .failure(problem))
            case .close(let id):
                guard let session = shared.withLock({ $0.connections.removeValue(forKey: id) }) else { continue }
                Task { await session.close() }
            }
        }
    }

    private func connect(_ id: Int) {
        let session = PostgresConnection(configuration, name: "\(name)-\(id)")
        shared.withLock { $0.connections[id] = session }
        Task {
            do throws(PostgresError) {
                try await session.connect()
                perform(shared.withLock { $0.state.connected(id, now: .now) })
            } catch {
                let chance = Double.random(in: 0...1)
                perform(
                    shared.withLock { shared in
                        shared.lastProblem = error
                        return shared.state.connectFailed(id, now: .now, chance: chance)
                    }
                )
            }
        }
    }
}

extension PostgresConnection {
    func result(of trip: RoundTrip, _ interruption: Interruption) -> Result<[SQLResult], RoundTripError> {
        do { return .success(try run(trip, interruption)) } catch { return .failure(error) }
    }
}
