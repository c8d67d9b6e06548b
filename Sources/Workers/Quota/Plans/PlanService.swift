import FlotillaTelemetry
package import Workers

/// Brings the plans of the file into the tables when a process of workers starts, and tries on until it has.
package struct PlanService: FleetService {
    private let plans: [Plan]
    private let connections: FleetConnections

    package init(_ plans: [Plan], _ connections: FleetConnections) {
        self.plans = plans
        self.connections = connections
    }

    package func run() async {
        let log = connections.log
        while !Task.isCancelled {
            do {
                let changes = try await PlanStore(connections.postgres).apply(plans)
                for kept in changes.kept { log.warning(kept.warning) }
                if !changes.written.isEmpty || !changes.removed.isEmpty {
                    log.info(
                        "plans updated",
                        [
                            "written": .string(changes.written.joined(separator: ", ")),
                            "removed": .string(changes.removed.joined(separator: ", ")),
                        ]
                    )
                }
                return
            } catch {
                log.warning("the plans can't be updated; trying on", ["problem": .string("\(error)")])
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }
}
