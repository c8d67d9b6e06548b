package import FlotillaStorage
package import FlotillaTelemetry
import Synchronization

/// A cache of quotas in Redis for quick reading, brought up to date after each commit.
///
/// Nobody waits for it. States of the same period that meet on the way are one write, and what Redis does not take is
/// counted and forgotten: readers then go to Postgres.
package final class QuotaCache: Sendable {
    private struct Key: Hashable {
        let companyID: ExactText
        let kind: String
        let start: Int64
    }

    private struct State {
        var waiting: [Key: (state: QuotaSnapshot, readAt: ContinuousClock.Instant)] = [:]
        var isWriting = false
        var observers: [CheckedContinuation<Void, Never>] = []
    }

    /// More than wait only while Redis hangs, and are outdated by the time it answers.
    private static let capacity = 10_000

    private let snapshots: QuotaSnapshots
    private let failures: Counter
    private let state = Mutex(State())

    package init(_ redis: RedisClient, metrics: Metrics) {
        snapshots = QuotaSnapshots(redis)
        failures = metrics.counter(QuotaMetrics.cacheFailures)
    }

    /// Writes the states to Redis soon, without waiting.
    ///
    /// - Parameter readAt: a moment at which Postgres had them.
    func show(_ snapshots: [QuotaSnapshot], readAt: ContinuousClock.Instant) {
        guard !snapshots.isEmpty else { return }
        let mustWrite = state.withLock { state in
            if state.waiting.count >= Self.capacity { state.waiting.removeAll() }
            for snapshot in snapshots {
                let key = Key(
                    companyID: ExactText(snapshot.companyID),
                    kind: snapshot.kind,
                    start: snapshot.start
                )
                if let other = state.waiting[key], other.state.version > snapshot.version { continue }
                state.waiting[key] = (snapshot, readAt)
            }
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustWrite { Task { await write() } }
    }

    /// Returns once everything given before has been written, or refused.
    package func waitForWrites() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.isWriting { state.observers.append(continuation) }
                return !state.isWriting
            }
            if isIdle { continuation.resume() }
        }
    }

    /// What the cache has of the company's present periods; a kind that is not in Redis, or is too old, is missing.
    func read(_ companyID: String) async -> [QuotaSnapshot] {
        (try? await snapshots.read(companyID, kinds: QuotaKind.allCases.map(\.rawValue))) ?? []
    }

    private func write() async {
        while true {
            let (waiting, observers) = state.withLock { state in
                defer { state.waiting.removeAll() }
                state.isWriting = !state.waiting.isEmpty
                defer { if !state.isWriting { state.observers.removeAll() } }
                return (Array(state.waiting.values), state.isWriting ? [] : state.observers)
            }
            for observer in observers { observer.resume() }
            guard !waiting.isEmpty else { return }
            do {
                let refused = try await snapshots.put(waiting.map { ($0.state, .now - $0.readAt) })
                if refused > 0 { failures.increment(by: refused) }
            } catch {
                failures.increment(by: waiting.count)
            }
        }
    }
}
