import FlotillaTelemetry
import Workers
import Synchronization

/// The limiters of all endpoints of a process, so that one that hangs or is out takes no slot from the others.
///
/// Endpoints on one host share the connections that it is given at most.
final class EndpointLimiters: Sendable {
    static let slotsPerHost = 8

    private struct State {
        var limiters: [String: EndpointLimiter] = [:]
        var hosts: [String: Int] = [:]
    }

    /// Held by a request that was let through, and given back in the end.
    struct Permit: Sendable {
        let endpoint: String
        let name: String
        let host: String
        let isProbe: Bool
        let since: ContinuousClock.Instant
    }

    enum Admission: Sendable {
        case permit(Permit)
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
    func isOpen(_ endpoint: String) -> Bool { state.withLock { $0.limiters[endpoint]?.breaker.isOpen ?? false } }

    /// - Parameters:
    ///   - endpoint: its id.
    ///   - name: for logs and metrics.
    ///   - host: with its port.
    func enter(_ endpoint: String, name: String, host: String) -> Admission {
        let now = ContinuousClock.now
        return state.withLock { state in
            let hasRoom = state.hosts[host, default: 0] < Self.slotsPerHost
            switch state.limiters[endpoint, default: EndpointLimiter()].enter(at: now, hasRoom: hasRoom) {
            case .wait(let wait): return .wait(wait)
            case .enter(let isProbe):
                state.hosts[host, default: 0] += 1
                return .permit(Permit(endpoint: endpoint, name: name, host: host, isProbe: isProbe, since: now))
            }
        }
    }

    func leave(_ permit: Permit, _ observation: EndpointLimiter.Observation) {
        let now = ContinuousClock.now
        let (wasOpen, isOpen) = state.withLock { state -> (Bool, Bool) in
            let left = state.hosts[permit.host, default: 1] - 1
            state.hosts[permit.host] = left == 0 ? nil : left
            var limiter = state.limiters[permit.endpoint, default: EndpointLimiter()]
            let wasOpen = limiter.breaker.isOpen
            limiter.leave(isProbe: permit.isProbe, observation, took: now - permit.since, at: now)
            state.limiters[permit.endpoint] = limiter
            return (wasOpen, limiter.breaker.isOpen)
        }
        guard wasOpen != isOpen else { return }
        metrics.gauge(
            "flotilla_breaker_open",
            "1 while the dependency's circuit breaker is open.",
            ["dependency": "webhook:\(permit.name)"]
        ).set(isOpen ? 1 : 0)
        if isOpen {
            log.warning(
                "breaker opened: webhooks to this endpoint wait and spend no attempts",
                ["endpoint": .string(permit.name), "host": .string(permit.host)]
            )
        } else {
            log.info("breaker closed: webhooks to this endpoint go on", ["endpoint": .string(permit.name)])
        }
    }
}
