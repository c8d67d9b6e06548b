import FlotillaTelemetry
import Workers
import Synchronization

/// The ways to all endpoints of a process, so that one that hangs or is out takes no slot from the others.
///
/// Endpoints on one host share the connections that it is given at most.
final class EndpointGates: Sendable {
    static let slotsPerHost = 8

    private struct State {
        var lanes: [String: EndpointLane] = [:]
        var hosts: [String: Int] = [:]
    }

    /// What a request that was let through gives back in the end.
    struct Pass: Sendable {
        let endpoint: String
        let name: String
        let host: String
        let isTrial: Bool
        let since: ContinuousClock.Instant
    }

    enum Admission: Sendable {
        case pass(Pass)
        case wait(Duration)
    }

    private let state = Mutex(State())
    private let metrics: Metrics
    private let log: Log

    init(metrics: Metrics, log: Log) {
        self.metrics = metrics
        self.log = log
    }

    /// Whether deliveries to the endpoint wait for it to be back.
    func isOpen(_ endpoint: String) -> Bool { state.withLock { $0.lanes[endpoint]?.breaker.isOpen ?? false } }

    /// - Parameters:
    ///   - endpoint: its id.
    ///   - name: for logs and metrics.
    ///   - host: with its port.
    func enter(_ endpoint: String, name: String, host: String) -> Admission {
        let now = ContinuousClock.now
        return state.withLock { state in
            let hasRoom = state.hosts[host, default: 0] < Self.slotsPerHost
            switch state.lanes[endpoint, default: EndpointLane()].enter(at: now, hasRoom: hasRoom) {
            case .wait(let wait): return .wait(wait)
            case .enter(let isTrial):
                state.hosts[host, default: 0] += 1
                return .pass(Pass(endpoint: endpoint, name: name, host: host, isTrial: isTrial, since: now))
            }
        }
    }

    func leave(_ pass: Pass, _ finding: EndpointLane.Finding) {
        let now = ContinuousClock.now
        let (wasOpen, isOpen) = state.withLock { state -> (Bool, Bool) in
            let left = state.hosts[pass.host, default: 1] - 1
            state.hosts[pass.host] = left == 0 ? nil : left
            var lane = state.lanes[pass.endpoint, default: EndpointLane()]
            let wasOpen = lane.breaker.isOpen
            lane.leave(isTrial: pass.isTrial, finding, took: now - pass.since, at: now)
            state.lanes[pass.endpoint] = lane
            return (wasOpen, lane.breaker.isOpen)
        }
        guard wasOpen != isOpen else { return }
        metrics.gauge(
            "flotilla_breaker_open",
            "1 while the dependency's circuit breaker is open.",
            ["dependency": "webhook:\(pass.name)"]
        ).set(isOpen ? 1 : 0)
        if isOpen {
            log.warning(
                "breaker opened: webhooks to this endpoint wait and spend no attempts",
                ["endpoint": .string(pass.name), "host": .string(pass.host)]
            )
        } else {
            log.info("breaker closed: webhooks to this endpoint go on", ["endpoint": .string(pass.name)])
        }
    }
}
