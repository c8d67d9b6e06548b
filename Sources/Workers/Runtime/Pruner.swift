package import FlotillaStorage
package import FlotillaTelemetry

/// Forgets rows after their retention, in small steps, so that no other work waits for it.
package struct Pruner: FleetService {
    private let pool: PostgresPool
    private let step: Int
    private let interval: Duration
    private let statement: @Sendable (_ limit: Int) -> SQLStatement
    private let message: String
    private let log: Log

    /// - Parameters:
    ///   - message: what the log says when some are gone.
    ///   - step: how many rows are deleted at a time.
    ///   - interval: between looks for more, once none are left.
    ///   - statement: deletes as many as the limit says at most.
    package init(
        _ pool: PostgresPool,
        _ message: String,
        step: Int,
        every interval: Duration,
        log: Log,
        _ statement: @escaping @Sendable (_ limit: Int) -> SQLStatement
    ) {
        self.pool = pool
        self.message = message
        self.step = step
        self.interval = interval
        self.log = log
        self.statement = statement
    }

    package func run() async {
        while !Task.isCancelled {
            let deleted = (try? await prune()) ?? 0
            if deleted > 0 { log.debug(message, ["count": .integer(deleted)]) }
            try? await Task.sleep(for: deleted == step ? .milliseconds(100) : interval)
        }
    }

    /// - Returns: how many rows one step has deleted.
    func prune() async throws -> Int { try await pool.query(statement(step)).affected }
}
