/// A failure reported by Postgres, by the connection to it, or by libpq.
package struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable, matchable reason.
    package enum Code: Sendable, Hashable {
        /// There is no connection, or it was lost; the statement may or may not have been executed.
        case unavailable
        /// The server's five characters, as in its table of error codes.
        case sqlState(String)
        /// The Swift task was cancelled; the statement was cancelled on the server and had no effect.
        case cancelled
        /// The caller's deadline has passed although the server answers; the statement was cancelled there.
        case deadline
        /// libpq or the server answered something that this code does not expect, or was used wrongly.
        case protocolViolation
        /// A pooler gives the session to others between transactions, which the configuration does not say.
        case sharedSession
    }

    package let code: Code
    package let operation: String
    package let detail: String
    /// Whether the same statements could succeed on another try.
    package let isRetriable: Bool
    /// Whether the server is at fault rather than the statement: connection lost, starting, stopping or exhausted.
    package let isOutage: Bool
    /// Whether the connection was lost while a commit was under way, so that it may have happened.
    package let isCommitUnknown: Bool
    /// The violated constraint, where the server names one.
    package let constraint: String?
    /// What a statement that took too long was waiting for; `nil` for an error of another kind.
    package let wait: Wait?

    package init(
        code: Code,
        operation: String,
        detail: String,
        isCommitUnknown: Bool = false,
        constraint: String? = nil,
        wait: Wait? = nil
    ) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.isCommitUnknown = isCommitUnknown
        self.constraint = constraint
        self.wait = wait ?? code.wait
        isOutage = code.isOutage
        isRetriable = code.isOutage || code.isTransient
    }

    package var description: String {
        let reason = if case .sqlState(let state) = code { "SQLSTATE \(state)" } else { "\(code)" }
        return "\(operation): \(detail) (\(reason))"
    }

    package static func unavailable(_ operation: String, _ detail: String, isCommitUnknown: Bool = false) -> Self {
        Self(code: .unavailable, operation: operation, detail: detail, isCommitUnknown: isCommitUnknown)
    }

    static func cancelled(_ operation: String, whileIn wait: Wait? = nil) -> Self {
        Self(code: .cancelled, operation: operation, detail: "the task was cancelled", wait: wait)
    }

    static func deadline(_ operation: String, _ wait: Wait, isCommitUnknown: Bool = false) -> Self {
        let detail =
            switch wait {
            case .connection: "no connection was free before the deadline"
            case .lock: "it waited for a lock until the deadline"
            case .work: "it was not done before the deadline"
            }
        return Self(
            code: .deadline,
            operation: operation,
            detail: detail,
            isCommitUnknown: isCommitUnknown,
            wait: wait
        )
    }

    static func violation(_ operation: String, _ detail: String) -> Self {
        Self(code: .protocolViolation, operation: operation, detail: detail)
    }
}

extension PostgresError {
    /// What a statement was doing when its time was over.
    package enum Wait: Sendable, Hashable {
        /// It never began: all connections of the pool were in use.
        case connection
        /// It waited for another session's lock.
        case lock
        /// It was at work.
        case work
    }

    /// Whether the session must not be used again: another one may reach a server that can do more.
    ///
    /// A session outlives a failover on the server that is a standby from then on (25006).
    var endsSession: Bool {
        guard case .sqlState(let state) = code else { return code == .deadline }
        return isReadOnly || state.hasPrefix("53")
    }

    /// Whether the server takes no writes: it is a standby, or was told to be read-only.
    package var isReadOnly: Bool { code == .sqlState("25006") }

    /// The cause in a few words, without anything of the statement: fit for everybody's eyes.
    package var cause: String {
        switch code {
        case .unavailable: "unreachable"
        case .deadline: "no answer in time"
        case .cancelled: "cancelled"
        case .protocolViolation: "not understood"
        case .sharedSession: "a pooler shares sessions"
        case .sqlState("25006"): "read-only"
        case .sqlState("53100"): "disk full"
        case .sqlState("53200"): "out of memory"
        case .sqlState("53300"): "too many connections"
        case .sqlState(let state): "SQLSTATE \(state)"
        }
    }
}

extension PostgresError.Code {
    /// The server's own limits: on a statement (57014), and on the wait for a lock (55P03).
    fileprivate var wait: PostgresError.Wait? {
        switch self {
        case .sqlState("57014"): .work
        case .sqlState("55P03"): .lock
        default: nil
        }
    }

    /// Class 08 is a lost connection, 53 exhausted resources, 57P0x a server that stops or starts; 25006 is a standby.
    fileprivate var isOutage: Bool {
        switch self {
        case .unavailable, .sharedSession: true
        case .sqlState(let state):
            state.hasPrefix("08") || state.hasPrefix("53") || ["57P01", "57P02", "57P03", "25006"].contains(state)
        case .cancelled, .deadline, .protocolViolation: false
        }
    }

    /// Serialization, deadlock, lock and statement timeouts, an idle transaction ended, a plan that went stale.
    fileprivate var isTransient: Bool {
        guard case .sqlState(let state) = self else { return self == .deadline }
        return ["40001", "40P01", "55P03", "57014", "25P03", "57P05", "0A000", "26000"].contains(state)
    }
}
