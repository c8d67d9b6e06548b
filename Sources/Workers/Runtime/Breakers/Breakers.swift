package import FlotillaTelemetry
import Synchronization

/// The circuit breakers of a process, one per dependency, and who waits for them.
package final class Breakers: Sendable {
    private struct Entry {
        var breaker = CircuitBreaker()
        var waiters: [CheckedContinuation<Void, Never>] = []
        var openSince: ContinuousClock.Instant?
    }

    private let entries = Mutex<[Dependency: Entry]>([:])
    private let released = Atomic<Bool>(false)
    /// Whether any breaker is open; while none is, whoever takes messages takes no lock.
    private let hasOpened = Atomic<Bool>(false)
    /// Whether any breaker has anything on record; while none has, a success takes no lock. That of a dependency which
    /// nothing uses any more stays.
    private let hasRecordedOutages = Atomic<Bool>(false)
    private let probes: [Dependency: @Sendable () async -> Bool]
    private let metrics: Metrics
    private let log: Log

    /// - Parameter probes: for each dependency, whether it is reachable. One without a probe is taken to be so.
    package init(probes: [Dependency: @Sendable () async -> Bool], metrics: Metrics, log: Log) {
        self.probes = probes
        self.metrics = metrics
        self.log = log
        for dependency in probes.keys { gauge(dependency).set(0) }
    }

    /// Whether a drain has begun: nobody waits for a dependency any more.
    var isReleased: Bool { released.load(ordering: .acquiring) }

    /// Returns at once while every breaker is closed, else when the last has closed or a drain begins.
    func waitUntilClosed(_ dependencies: Set<Dependency>) async {
        while !isReleased, let open = firstOpen(of: dependencies) {
            await withCheckedContinuation { continuation in
                let isClosed = entries.withLock { entries in
                    guard entries[open]?.breaker.isOpen == true, !isReleased else {
                        return true
                    }
                    entries[open]?.waiters.append(continuation)
                    return false
                }
                if isClosed { continuation.resume() }
            }
        }
    }

    package func firstOpen(of dependencies: Set<Dependency>) -> Dependency? {
        guard hasOpened.load(ordering: .relaxed) else { return nil }
        return entries.withLock { entries in dependencies.first { entries[$0]?.breaker.isOpen == true } }
    }

    /// Since when the dependency's breaker has been open, or `nil` while it is closed.
    package func openSince(_ dependency: Dependency) -> ContinuousClock.Instant? {
        entries.withLock { $0[dependency]?.openSince }
    }

    /// Asks the dependency now, whatever its breaker says.
    func isReachable(_ dependency: Dependency) async -> Bool { await probes[dependency]?() ?? true }

    /// - Parameter hold: how long the dependency itself asked to be left alone.
    package func recordOutage(of dependency: Dependency, reason: String, holding hold: Duration? = nil) {
        let action = entries.withLock { entries in
            hasRecordedOutages.store(true, ordering: .relaxed)
            var entry = entries[dependency] ?? Entry()
            let action = entry.breaker.recordOutage(holding: hold)
            if case .probe = action {
                entry.openSince = .now
                hasOpened.store(true, ordering: .relaxed)
            }
            entries[dependency] = entry
            return action
        }
        guard case .probe(let delay) = action else { return }
        gauge(dependency).set(1)
        metrics.counter(
            "flotilla_breaker_openings_total",
            "How often the dependency's circuit breaker has opened.",
            ["dependency": dependency.name]
        ).increment()
        log.warning(
            "breaker opened: work that needs it waits and spends no attempts",
            ["dependency": .string(dependency.name), "reason": .string(reason)]
        )
        probe(dependency, after: delay)
    }

    package func recordSuccess(of dependencies: Set<Dependency>) {
        guard hasRecordedOutages.load(ordering: .relaxed) else { return }
        entries.withLock { entries in
            for dependency in dependencies { entries[dependency]?.breaker.recordSuccess() }
            if entries.values.allSatisfy(\.breaker.isClear) {
                hasRecordedOutages.store(false, ordering: .relaxed)
            }
        }
    }

    /// Lets every waiter go, now and from now on, for a drain.
    func releaseWaiters() {
        released.store(true, ordering: .releasing)
        let waiters = entries.withLock { entries in
            var waiters: [CheckedContinuation<Void, Never>] = []
            for key in entries.keys {
                waiters += entries[key]?.waiters ?? []
                entries[key]?.waiters = []
            }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func probe(_ dependency: Dependency, after delay: Duration) {
        Task {
            try? await Task.sleep(for: delay)
            let isUp = await probes[dependency]?() ?? true
            switch recordProbe(of: dependency, succeeded: isUp) {
            case .none: break
            case .probe(let next): probe(dependency, after: next)
            case .resume: close(dependency)
            }
        }
    }

    private func recordProbe(of dependency: Dependency, succeeded: Bool) -> CircuitBreaker.Action {
        entries.withLock { entries in
            let action = entries[dependency]?.breaker.recordProbe(succeeded: succeeded)
            hasOpened.store(entries.values.contains(where: \.breaker.isOpen), ordering: .relaxed)
            return action ?? .none
        }
    }

    private func close(_ dependency: Dependency) {
        let waiters = entries.withLock { entries in
            defer {
                entries[dependency]?.waiters = []
                entries[dependency]?.openSince = nil
            }
            return entries[dependency]?.waiters ?? []
        }
        gauge(dependency).set(0)
        log.info("breaker closed: work goes on", ["dependency": .string(dependency.name)])
        for waiter in waiters { waiter.resume() }
    }

    private func gauge(_ dependency: Dependency) -> Gauge {
        metrics.gauge(
            "flotilla_breaker_open",
            "1 while the dependency's circuit breaker is open.",
            ["dependency": dependency.name]
        )
    }
}
