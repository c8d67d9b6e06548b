import FlotillaModels
import FlotillaStorage

/// The end of a job or of one attempt, recorded in Postgres when its handler has returned; that of a job before its
/// message is acknowledged.
///
/// It is no part of the effect's transaction: a handler that commits and then throws is tried again, and the job is
/// not done before it returns.
struct JobEnd: Sendable {
    let id: String
    let attempt: Int

    /// The ends of several jobs, to be executed in one transaction.
    static func succeeded(_ jobs: [JobEnd]) -> [SQLStatement] {
        jobs.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }.map(\.succeeded)
    }

    var succeeded: SQLStatement { Jobs.succeeded(id, attempts: attempt, result: nil) }

    var retrying: SQLStatement { Jobs.retrying(id, attempts: attempt) }

    func dead(_ failure: Failure) -> SQLStatement { Jobs.dead(id, attempts: attempt, failure: failure) }
}
