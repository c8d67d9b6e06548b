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
