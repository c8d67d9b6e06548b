import FlotillaHTTPServer
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaStorage
import Synchronization

/// What readiness tells of the fleet around the API. None of it is needed: what is taken in waits in the outbox.
enum FleetChecks {
    static func broker(_ publisher: any MessagePublisher) -> HealthCheck {
        HealthCheck("rabbitmq", isNeeded: false) {
            switch publisher.condition {
            case .connected: return
            case .blocked(let reason): throw HealthProblem("alarm, nothing is taken in: \(reason)")
            case .disconnected: throw HealthProblem("no connection")
            }
        }
    }

    /// Whether anybody consumes the queues.
    ///
    /// The broker logs an error for each question about a queue that is missing, and anybody may ask for readiness: so
    /// the first one that is missing ends the look, and there is no other look for `interval`.
    static func workers(
        _ queues: [String],
        on broker: some Broker,
        every interval: Duration = .seconds(15)
    ) -> HealthCheck {
        let missing = Mutex<(problem: String, at: ContinuousClock.Instant)?>(nil)
        return HealthCheck("workers", isNeeded: false) {
            if let latest = missing.withLock({ $0 }), .now - latest.at < interval {
                throw HealthProblem(latest.problem)
            }
            var depths: [String: QueueDepth] = [:]
            for queue in queues {
                depths[queue] = try await broker.depths(of: [queue])[queue]
                guard depths[queue] == nil, let problem = problem(of: [queue], depths) else { continue }
                missing.withLock { $0 = (problem, .now) }
                throw HealthProblem(problem)
            }
            if let problem = problem(of: queues, depths) { throw HealthProblem(problem) }
        }
    }

    /// - Parameter depths: of the queues that there are.
    static func problem(of queues: [String], _ depths: [String: QueueDepth]) -> String? {
        let missing = queues.filter { depths[$0] == nil }
        guard missing.isEmpty else { return "queues are missing: \(list(missing))" }
        let idle = queues.filter { depths[$0]?.consumers == 0 }
        if idle.isEmpty { return nil }
        return idle.count == queues.count ? "no worker runs" : "no worker takes \(list(idle))"
    }

    /// Which queues workers hold since the database lacks what they need.
    static func heldQueues(_ held: HeldQueues) -> HealthCheck {
        HealthCheck("queues", isNeeded: false) {
            let names = Set(try await held.all().map(\.held.queue)).sorted()
            if !names.isEmpty { throw HealthProblem("held: \(list(names))") }
        }
    }

    /// Which dependencies the other processes wait for.
    static func breakers(of peers: [MetricsPeer]) -> HealthCheck {
        HealthCheck("breakers", isNeeded: false) {
            let problems = await MetricsPeer.metrics(of: peers).flatMap { name, text in
                guard let text else { return ["\(name) does not answer"] }
                return MetricsPeer.openBreakers(in: text).filter { !MetricsPeer.isOfOthers($0) }
                    .map { "\(name) waits for \($0)" }
            }
            if !problems.isEmpty { throw HealthProblem(list(problems)) }
        }
    }

    /// What the routes of a domain depend on.
    static func dependency(_ dependency: RouteDependency) -> HealthCheck {
        HealthCheck(dependency.name, isNeeded: false) {
            if let problem = await dependency.problem() { throw HealthProblem(problem) }
        }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}
