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

/// What the database refuses for the state of its installation: a table, a column or a right is missing.
///
/// It may be the mistake of one worker, so it holds that worker's queue and never all work with the database.
struct InstallationFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The server's five characters.
    let sqlState: String
    let problem: String

    init(sqlState: String, problem: String) {
        self.sqlState = sqlState
        self.problem = problem
    }

    init?(_ error: any Error) {
        guard let error = error as? PostgresError, error.isInstallationFault, case .sqlState(let state) = error.code
        else {
            return nil
        }
        self.init(sqlState: state, problem: error.detail)
    }

    var description: String { "\(problem) (SQLSTATE \(sqlState))" }
}
