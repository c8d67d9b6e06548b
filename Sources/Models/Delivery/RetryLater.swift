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
