import FlotillaModels
import FlotillaPlatform
import CFlotillaPostgres
import Glibc

extension ConnectionHandle {
    /// Connects, sets the session up and enters pipeline mode; blocks the thread, for the connect timeout at most.
    ///
    /// - Parameter wake: when it is signalled, connecting is given up.
    /// - Throws: `PostgresError`, with the code `sharedSession` when a pooler shares sessions in a way that the
    ///   configuration does not allow for.
    static func connect(
        _ configuration: PostgresConfiguration,
        givingUpOn wake: WakeSignal? = nil
    ) throws(PostgresError) -> ConnectionHandle {
        let deadline = ContinuousClock.now + configuration.connectTimeout
        var handle = try logIn(configuration, wake, deadline)
        switch configuration.pooler {
        case .none: try handle.setUp(configuration, wake, deadline)
        case .transaction: try PoolerCheck.requireTransactions(handle, configuration, wake, deadline)
        }
        guard handle.enterPipeline() else { throw .violation("set up the session", handle.problem) }
        return handle
    }

    static func logIn(
        _ configuration: PostgresConfiguration,
        _ wake: WakeSignal?,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> ConnectionHandle {
        let handle = try ConnectionHandle.start(configuration)
        var events = Int16(POLLOUT)
        connecting: while true {
            try handle.wait(for: events, wake, deadline)
            switch handle.advance() {
            case .wantsRead: events = Int16(POLLIN)
            case .wantsWrite: events = Int16(POLLOUT)
            case .done: break connecting
            case .failed: throw .unavailable("connect", configuration.withoutSecrets(handle.problem))
            }
        }
        guard handle.setNonBlocking() else { throw .unavailable("set up the session", handle.problem) }
        return handle
    }

    /// Sets the session up in one trip; in more of them where a pooler is found.
    private mutating func setUp(
        _ configuration: PostgresConfiguration,
        _ wake: WakeSignal?,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        // The settings hold for the session only where it is ours: they must not stay behind for other clients.
        let isPooler = "pg_backend_pid() <> \(announcedProcess)"
        let sentAt = ReferenceClock.uptime()
        let row = try ask(configuration.settings(onlyOnceIf: isPooler), wake, deadline)
        if let time = row?.timestamp(1) { ReferenceClock.process.adopt(time, sentAt: sentAt) }
        guard let process = row?.int(0), process != announcedProcess else { return }
        isPooled = true
        try PoolerCheck.requireSessions(self, configuration, wake, deadline)
        _ = try ask(configuration.settings(onlyOnceIf: "false"), wake, deadline)
    }

    /// Executes one statement outside of pipeline mode; its first row.
    @discardableResult
    borrowing func ask(
        _ sql: String,
        _ wake: WakeSignal?,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> SQLRow? {
        guard sendOnce(sql) else { throw .unavailable("set up the session", problem) }
        var problem: PostgresError?
        var row: SQLRow?
        while true {
            guard let mustSend = flush() else { throw problem ?? lastProblem }
            switch next() {
            case .busy:
                try wait(for: Int16(POLLIN) | (mustSend ? Int16(POLLOUT) : 0), wake, deadline)
                guard consume() else { throw problem ?? lastProblem }
            case .result(let result):
                if result.status == PGRES_FATAL_ERROR {
                    problem = problem ?? result.error("set up the session")
                } else {
                    row = SQLResult(result).first
                }
            case .end:
                if let problem { throw problem }
                return row
            }
        }
    }

    /// What a server that has ended the session gave as its reason, if anything.
    private var lastProblem: PostgresError {
        if case .result(let result) = next(), result.status == PGRES_FATAL_ERROR {
            return result.error("set up the session")
        }
        return .unavailable("set up the session", problem)
    }

    private borrowing func wait(
        for events: Int16,
        _ wake: WakeSignal?,
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        let ready = Descriptors.wait(for: events, on: socket, or: wake, until: deadline)
        if ready.isWoken { throw .cancelled("connect") }
        if ready.hasTimedOut { throw .unavailable("connect", "no answer from the server") }
    }
}

extension PostgresConfiguration {
    /// How long the server may be silent: it ends a statement by itself before.
    var replyTimeout: Duration { statementTimeout + .seconds(5) }

    /// A query of the server's process and time, that makes our settings, for the session or for its transaction only.
    ///
    /// - Parameter condition: in SQL, whether they hold for the transaction only.
    func settings(onlyOnceIf condition: String) -> String {
        let settings = [
            ("TimeZone", "UTC"),
            ("statement_timeout", "\(statementTimeout.milliseconds)"),
            ("idle_in_transaction_session_timeout", "\(idleInTransactionTimeout.milliseconds)"),
            ("synchronous_commit", "on"),
            ("client_min_messages", "warning"),
        ]
        let calls = settings.map { "set_config('\($0.0)', '\($0.1)', \(condition))" }
        return "SELECT pg_backend_pid(), clock_timestamp(), " + calls.joined(separator: ", ")
    }
}
