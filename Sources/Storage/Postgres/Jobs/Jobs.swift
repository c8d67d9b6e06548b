package import Models

/// The durable record of jobs.
package struct Jobs: Sendable {
    private let pool: PostgresPool

    /// - Parameter exchange: the direct exchange, which routes a job by its type.
    package init(_ pool: PostgresPool, exchange: String = "fleet.direct") { self.pool = pool }

    /// Stores the job and its message in one transaction; once it returns, the job is accepted.
    package func enqueue(_ job: NewJob) async throws(PostgresError) -> EnqueueOutcome {
        let outcomes = try await enqueue([job])
        return outcomes[0]
    }

    /// Stores many jobs in one transaction; answers for each, in order.
    package func enqueue(_ jobs: [NewJob]) async throws(PostgresError) -> [EnqueueOutcome] {
        throw .unavailable("enqueue", "no connection")
    }

    package func get(_ id: String) async throws(PostgresError) -> Job? {
        throw .unavailable("get", "no connection")
    }

    /// Jobs, the newest first.
    ///
    /// - Parameters:
    ///   - text: part of the id, type, correlation id or error message.
    ///   - cursor: the id of the last job of the page before.
    ///   - limit: from 1 to 500.
    package func list(
        state: JobState? = nil,
        type: String? = nil,
        text: String? = nil,
        after cursor: String? = nil,
        limit: Int = 50
    ) async throws(PostgresError) -> [Job] {
        throw .unavailable("list", "no connection")
    }

    /// Cancels a scheduled or queued job for certain and takes back its message if it is not yet published;
    /// `false` when the job is in another state or unknown.
    package func cancel(_ id: String) async throws(PostgresError) -> Bool {
        throw .unavailable("cancel", "no connection")
    }

    /// For the transaction of the effect: locks the rows and gives `id, state` of those that are not final.
    package static func claim(_ ids: [String]) -> SQLStatement { SQLStatement("") }

    /// For the transaction of the effect: the job has succeeded. `affected` is 0 when it was in a final state already.
    package static func succeeded(_ id: String, attempts: Int, result: String?) -> SQLStatement { SQLStatement("") }

    /// The job's attempts are spent, or its error is permanent. `affected` as for success.
    package static func dead(_ id: String, attempts: Int, failure: Failure) -> SQLStatement { SQLStatement("") }

    /// The job was cancelled while it ran. `affected` as for success.
    package static func cancelled(_ id: String, attempts: Int) -> SQLStatement { SQLStatement("") }

    /// A dead job goes back to its queue.
    package static func requeued(_ ids: [String]) -> SQLStatement { SQLStatement("") }
}
