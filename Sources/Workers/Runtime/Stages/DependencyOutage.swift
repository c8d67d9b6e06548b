import FlotillaStorage

/// Thrown by a handler that can't reach something outside: the message waits, and spends no attempt.
public struct DependencyOutage: Error, Sendable, CustomStringConvertible {
    public let dependency: Dependency
    public let reason: String

    public init(_ dependency: Dependency, reason: String) {
        self.dependency = dependency
        self.reason = reason
    }

    public var description: String { "\(dependency) is out: \(reason)" }

    /// Recognises outages that the storage layer reports, and those that a handler names itself.
    init?(_ error: any Error) {
        switch error {
        case let outage as DependencyOutage: self = outage
        case let error as PostgresError where error.isOutage:
            self.init(.postgres, reason: "\(error)")
        default: return nil
        }
    }
}
