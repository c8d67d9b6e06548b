/// What a handler says of a message it has finished with. Throwing means: try again by the queue's policy.
public enum Outcome: Sendable, Hashable {
    /// Handled; the message is acknowledged.
    case done
    /// Come back after this long, without spending an attempt.
    case snooze(Duration)
    /// Will never succeed; the message goes to its dead-letter queue now.
    case reject(reason: String)
}

/// Thrown by a handler when no retry can help; the message goes to its dead-letter queue now.
public struct PermanentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A short, stable word for the kind of failure, as in `error-type`: `unknown_recipient`.
    public let type: String
    public let message: String

    public init(type: String, message: String) {
        self.type = type
        self.message = message
    }

    public var description: String { message }
}

/// Thrown by a handler that knows when to try again; the wait is exact, and the attempt is spent.
public struct RetryLater: Error, Sendable, Hashable, CustomStringConvertible {
    public let delay: Duration
    public let reason: String

    public init(after delay: Duration, reason: String) {
        self.delay = delay
        self.reason = reason
    }

    public var description: String { reason }
}

/// A body that is not what the handler needs. It spends no retries.
public struct InvalidPayload: Error, Sendable, Hashable, CustomStringConvertible {
    /// The dotted path of the field, empty for the whole body: `tickets.0.guest_name`.
    public let field: String
    /// What was expected and what was found.
    public let problem: String
    /// What else is wrong with the body, where more than the first mistake was looked for.
    public let others: [InvalidPayload]

    public init(field: String, problem: String, others: [InvalidPayload] = []) {
        self.field = field
        self.problem = problem
        self.others = others
    }

    public var description: String {
        ([field.isEmpty ? problem : "\(field): \(problem)"] + others.map(\.description)).joined(separator: "; ")
    }
}
