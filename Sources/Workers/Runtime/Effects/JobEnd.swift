import FlotillaModels
import FlotillaStorage

/// The end of a job, recorded in Postgres when its handler has returned and before the message is acknowledged.
///
/// It is no part of the effect's transaction: a handler that commits and then throws is tried again, and the job is
/// not done before it returns.
struct JobEnd: Sendable {
    let id: String
    let attempt: Int

    var succeeded: SQLStatement { Jobs.succeeded(id, attempts: attempt, result: nil) }

    func dead(_ failure: Failure) -> SQLStatement { Jobs.dead(id, attempts: attempt, failure: failure) }
}
