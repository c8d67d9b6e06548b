import Synchronization

/// A transaction on one connection. `BEGIN` travels with the first statements.
///
/// After a statement has failed the transaction is rolled back, and every further call throws the same error.
/// Calls are made one after the other.
package final class PostgresTransaction: Sendable {
    private enum State {
        case unopened
        case open(PooledConnection)
        case finished
        case failed(PostgresError)
    }

    private let pool: PostgresPool
    private let deadline: ContinuousClock.Instant?
    private let state = Mutex(State.unopened)

    init(_ pool: PostgresPool, until deadline: ContinuousClock.Instant? = nil) {
        self.pool = pool
        self.deadline = deadline
    }

    package func query(_ statement: SQLStatement) async throws(PostgresError) -> SQLResult {
        let results = try await pipeline([statement])
        guard let result = results.first else { throw .violation("query", "the server gave no result") }
        return result
    }

    /// Executes the statements in one round trip.
    package func pipeline(_ statements: [SQLStatement]) async throws(PostgresError) -> [SQLResult] {
        guard !statements.isEmpty else { return [] }
        return try await run(RoundTrip(statements: statements))
    }

    /// Executes the statements and commits, in one round trip. The transaction is finished then; the body may return.
    @discardableResult
    package func commit(after statements: [SQLStatement] = []) async throws(PostgresError) -> [SQLResult] {
        try await run(RoundTrip(statements: statements, commits: true))
    }

    /// Executes a text of several statements, without parameters or results.
    package func script(_ sql: String) async throws(PostgresError) {
        _ = try await run(RoundTrip(statements: []))
        guard case .open(let connection) = state.withLock({ $0 }) else { return }
        let interruption = connection.session.interruption()
        let problem = await withTaskCancellationHandler {
            await connection.session.problem(of: sql, interruption)
        } onCancel: {
            interruption.request()
        }
        guard let problem else { return }
        await end(connection, .failed(problem))
        throw problem
    }

    /// Commits what is open, for a body that has returned; throws the error that the body has kept to itself.
    func finish() async throws(PostgresError) {
        switch state.withLock({ $0 }) {
        case .unopened: state.withLock { $0 = .finished }
        case .finished: break
        case .open: _ = try await commit()
        case .failed(let error): throw error
        }
    }

    /// Rolls back what is open, for a body that has thrown.
    func abandon() async {
        guard case .open(let connection) = state.withLock({ $0 }) else { return }
        await end(connection, .finished)
    }

    private func run(_ trip: RoundTrip) async throws(PostgresError) -> [SQLResult] {
        var trip = trip
        trip.deadline = deadline
        do throws(PostgresError) {
            switch state.withLock({ $0 }) {
            case .finished: throw PostgresError.violation(trip.operation, "the transaction is finished")
            case .failed(let error): throw error
            case .open(let connection):
                do throws(RoundTripError) {
                    let results = try await connection.run(trip)
                    if trip.commits { await end(connection, .finished) }
                    return results
                } catch {
                    let problem = error.problem(trip.operation)
                    await end(connection, .failed(problem))
                    pool.noteFailure(problem)
                    throw problem
                }
            case .unopened:
                trip.opensLease = true
                if trip.commits {
                    (trip.commits, trip.isImplicit) = (false, true)
                } else {
                    trip.begins = true
                }
                let (connection, results) = try await pool.open(trip)
                state.withLock { $0 = .open(connection) }
                if trip.isImplicit { await end(connection, .finished) }
                return results
            }
        } catch {
            let problem = error
            state.withLock { state in
                if case .unopened = state { state = .failed(problem) }
            }
            throw problem
        }
    }

    private func end(_ connection: PooledConnection, _ outcome: State) async {
        state.withLock { $0 = outcome }
        pool.release(connection, isUsable: await connection.session.rollback())
    }
}

extension RoundTripError {
    fileprivate func problem(_ operation: String) -> PostgresError {
        switch self {
        case .stale: .unavailable(operation, "the connection was lost")
        case .failed(let error): error
        }
    }
}

extension PostgresConnection {
    fileprivate func problem(of script: String, _ interruption: Interruption) -> PostgresError? {
        do {
            try self.script(script, interruption)
            return nil
        } catch { return error }
    }
}
