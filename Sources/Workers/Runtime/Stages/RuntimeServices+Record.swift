import FlotillaStorage
import FlotillaTelemetry

extension RuntimeServices {
    /// Records the ends of jobs: tries on while Postgres is out, since what has been done must not run once more.
    ///
    /// A fault of the installation holds the queue, and the message waits too. A statement that Postgres refuses for itself is reported and left: it would be refused for ever.
    /// - Returns: false when the process ends first.
    func record(_ statements: [SQLStatement], in queue: String, _ hold: InstallationHold) async -> Bool {
        guard !statements.isEmpty else { return true }
        var wait = Duration.milliseconds(500)
        while true {
            do {
                try await effects.execute(statements)
                return true
            } catch {
                if Task.isCancelled || breakers.isReleased { return false }
                if let outage = DependencyOutage(error) {
                    breakers.recordOutage(of: outage.dependency, reason: outage.reason)
                } else if let fault = InstallationFault(error) {
                    hold.record(fault)
                    try? await Task.sleep(for: wait)
                    wait = min(wait * 2, .seconds(4))
                } else if (error as? PostgresError)?.isRetriable != true {
                    return await recordEach(statements, in: queue, hold, after: error)
                }
                try? await Task.sleep(for: .milliseconds(50))
                await breakers.waitUntilClosed([.postgres])
            }
        }
    }

    private func recordEach(
        _ statements: [SQLStatement],
        in queue: String,
        _ hold: InstallationHold,
        after error: any Error
    ) async -> Bool {
        guard statements.count > 1 else {
            log.error(
                "the end of a job can't be recorded; its message is done all the same",
                ["queue": .string(queue), "problem": .string("\(error)")]
            )
            return true
        }
        for statement in statements {
            guard await record([statement], in: queue, hold) else { return false }
        }
        return true
    }
}
