import FlotillaModels
import FlotillaPlatform
import CFlotillaPostgres
import Glibc

extension ConnectionHandle {
    /// Connects, sets the session up and enters pipeline mode; blocks the thread, for the connect timeout at most.
    ///
    /// - Parameter wake: when it is signalled, connecting is given up.
    static func connect(
        _ configuration: PostgresConfiguration,
        givingUpOn wake: WakeSignal? = nil
    ) throws(PostgresError) -> ConnectionHandle {
        let deadline = ContinuousClock.now + configuration.connectTimeout
        let handle = try ConnectionHandle.start(configuration)
        var events = Int16(POLLOUT)
        connecting: while true {
            try handle.wait(for: events, wake, deadline)
            switch handle.advance() {
            case .wantsRead: events = Int16(POLLIN)
            case .wantsWrite: events = Int16(POLLOUT)
            case .done: break connecting
            case .failed: throw .unavailable("connect", handle.problem)
            }
        }
        guard handle.setNonBlocking(), handle.sendScript(configuration.sessionSettings) else {
            throw .unavailable("set up the session", handle.problem)
        }
        while true {
            guard let mustSend = handle.flush() else { throw .unavailable("set up the session", handle.problem) }
            switch handle.next() {
            case .busy:
                try handle.wait(for: Int16(POLLIN) | (mustSend ? Int16(POLLOUT) : 0), wake, deadline)
                guard handle.consume() else { throw .unavailable("set up the session", handle.problem) }
            case .result(let result):
                guard result.status != PGRES_FATAL_ERROR else { throw result.error("set up the session") }
            case .end:
                guard handle.enterPipeline() else { throw .violation("set up the session", handle.problem) }
                return handle
            }
        }
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

    fileprivate var sessionSettings: String {
        """
        SET TIME ZONE 'UTC';
        SET statement_timeout = \(statementTimeout.milliseconds);
        SET idle_in_transaction_session_timeout = \(idleInTransactionTimeout.milliseconds);
        SET synchronous_commit = on;
        SET client_min_messages = warning
        """
    }
}
