import FlotillaTelemetry
import FlotillaStorage

extension Fleet {
    /// Waits until the database has the tables that the workers need: without them every message would fail.
    ///
    /// A database that is out, or newer than this program, keeps nobody waiting.
    ///
    /// - Parameter isStopping: ends the waiting.
    /// - Throws: `FleetError` when a pooler stands before the database that the configuration does not tell of.
    func waitForSchema(unless isStopping: () -> Bool) async throws(FleetError) {
        var told: [SchemaStep] = []
        while !isStopping() {
            let pending: [SchemaStep]
            do {
                pending = try await setup.pendingSteps()
            } catch let error as PostgresError where error.code == .sharedSession {
                throw FleetError(code: .configuration, detail: error.detail)
            } catch {
                log.warning("whether the tables are up to date can't be told", ["problem": .string("\(error)")])
                return
            }
            guard !pending.isEmpty else { return }
            if pending != told {
                log.warning(
                    "the database lacks tables; waiting until somebody runs flotilla migrate",
                    ["steps": .string(pending.map(\.label).joined(separator: ", "))]
                )
                told = pending
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
