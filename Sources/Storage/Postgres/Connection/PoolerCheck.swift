import FlotillaPlatform
import Glibc
import Synchronization

/// Finds out how a pooler lends sessions out, and refuses what would be unsafe.
///
/// The process that a pooler announces at the login is not the server's, so that its presence is known. Its mode is seen
/// in the processes that serve two connections: with whole sessions each has one of its own, and keeps it.
enum PoolerCheck {
    /// When addresses have passed, with the pooler that was assumed.
    private static let passed = Mutex<[[String]: ContinuousClock.Instant]>([:])
    /// Another mode may be configured at any time; until it is seen, a statement of another session is (26000).
    private static let validity = Duration.seconds(60)
    private static let rounds = 3

    /// Throws unless the pooler lends whole sessions. Where it can't be told, for the second connection gets no session,
    /// nothing is thrown.
    static func requireSessions(
        _ first: borrowing ConnectionHandle,
        _ configuration: PostgresConfiguration,
        _ wake: WakeSignal?,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        guard !hasPassed(configuration) else { return }
        let process = try first.process(wake, deadline)
        // Whatever befalls the second one is no reason to give up the first.
        let secondDeadline = ContinuousClock.now + configuration.connectTimeout / 2
        guard let second = try? ConnectionHandle.logIn(configuration, wake, secondDeadline),
            let other = try? second.process(wake, secondDeadline)
        else { return }
        for _ in 0..<rounds {
            guard process == (try first.process(wake, deadline)), other != process else {
                throw .sharesSessions(configuration)
            }
            // In a transaction the second one keeps its session.
            do throws(PostgresError) { try second.ask("BEGIN", wake, secondDeadline) } catch {
                guard error.code == .sqlState("08P01") else { return }
                throw .sharesSessions(configuration)
            }
            guard let held = try? second.process(wake, secondDeadline) else { return }
            guard held == other, process == (try first.process(wake, deadline)) else {
                throw .sharesSessions(configuration)
            }
            guard (try? second.ask("ROLLBACK", wake, secondDeadline)) != nil else { return }
            guard let free = try? second.process(wake, secondDeadline) else { return }
            guard free == other else { throw .sharesSessions(configuration) }
        }
        notePassed(configuration)
    }

    /// Throws unless a transaction of several trips is possible.
    static func requireTransactions(
        _ handle: borrowing ConnectionHandle,
        _ configuration: PostgresConfiguration,
        _ wake: WakeSignal?,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        guard !hasPassed(configuration) else { return }
        let sentAt = ReferenceClock.uptime()
        let row = try handle.ask("SELECT clock_timestamp()", wake, deadline)
        if let time = row?.timestamp(0) { ReferenceClock.process.adopt(time, sentAt: sentAt) }
        do throws(PostgresError) { try handle.ask("BEGIN", wake, deadline) } catch {
            guard error.code == .sqlState("08P01") else { throw error }
            throw .sharesTransactions(configuration)
        }
        try handle.ask("ROLLBACK", wake, deadline)
        notePassed(configuration)
    }

    private static func hasPassed(_ configuration: PostgresConfiguration) -> Bool {
        let moment = passed.withLock { $0[[configuration.conninfo, configuration.pooler.rawValue]] }
        return moment.map { .now - $0 < validity } ?? false
    }

    private static func notePassed(_ configuration: PostgresConfiguration) {
        passed.withLock { $0[[configuration.conninfo, configuration.pooler.rawValue]] = .now }
    }
}

extension ConnectionHandle {
    /// The server's process that serves the connection now.
    fileprivate borrowing func process(
        _ wake: WakeSignal?,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> Int64 {
        guard let process = try ask("SELECT pg_backend_pid()", wake, deadline)?.int(0) else {
            throw .violation("connect", "pg_backend_pid() has no value")
        }
        return process
    }
}

extension PostgresError {
    static func sharesSessions(_ configuration: PostgresConfiguration, _ operation: String = "connect") -> Self {
        let remedy =
            configuration.urlName == "DATABASE_URL"
            ? "set FLOTILLA_POSTGRES_POOLER=transaction, and DATABASE_DIRECT_URL to the server itself"
            : "set it to the server itself"
        return Self(
            code: .sharedSession,
            operation: operation,
            detail: """
                \(configuration.urlName) leads to a pooler such as PgBouncer that lends sessions for a transaction or a \
                statement at a time: \(remedy), or give the pooler pool_mode = session
                """
        )
    }

    fileprivate static func sharesTransactions(_ configuration: PostgresConfiguration) -> Self {
        Self(
            code: .sharedSession,
            operation: "connect",
            detail: """
                \(configuration.urlName) leads to a pooler such as PgBouncer that lends sessions for a statement at a \
                time, which allows no transactions: give the pooler pool_mode = transaction or session
                """
        )
    }
}
