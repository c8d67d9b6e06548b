import FlotillaTelemetry
import FlotillaStorage

extension Fleet {
    /// Waits until the database has the tables that the workers need: without them every message would fail.
    ///
    /// A database that is out, or newer than this program, keeps nobody waiting.
    ///
    /// - Parameter isStopping: ends the waiting.
    func waitForSchema(unless isStopping: () -> Bool) async {
        var told: [SchemaStep] = []
        while !isStopping() {
            let pending: [SchemaStep]
            do {
                pending = try await setup.pendingSteps()
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
