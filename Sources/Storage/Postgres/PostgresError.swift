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
        /// libpq or the server answered something that this code does not expect, or was used wrongly.
        case protocolViolation
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

    package init(
        code: Code,
        operation: String,
        detail: String,
        isCommitUnknown: Bool = false,
        constraint: String? = nil
    ) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.isCommitUnknown = isCommitUnknown
        self.constraint = constraint
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

    static func cancelled(_ operation: String) -> Self {
        Self(code: .cancelled, operation: operation, detail: "the task was cancelled")
    }

    static func violation(_ operation: String, _ detail: String) -> Self {
        Self(code: .protocolViolation, operation: operation, detail: detail)
    }
}

extension PostgresError.Code {
    /// Class 08 is a lost connection, 53 exhausted resources, 57P0x a server that stops or starts; 25006 is a standby.
    fileprivate var isOutage: Bool {
        switch self {
        case .unavailable: true
        case .sqlState(let state):
            state.hasPrefix("08") || state.hasPrefix("53") || ["57P01", "57P02", "57P03", "25006"].contains(state)
        case .cancelled, .protocolViolation: false
        }
    }

    /// Serialization, deadlock, lock and statement timeouts, an idle transaction ended, a plan that went stale.
    fileprivate var isTransient: Bool {
        guard case .sqlState(let state) = self else { return false }
        return ["40001", "40P01", "55P03", "57014", "25P03", "57P05", "0A000", "26000"].contains(state)
    }
}
