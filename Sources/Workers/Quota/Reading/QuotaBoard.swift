package import FlotillaStorage
package import FlotillaTelemetry
import Synchronization

/// Where quotas are shown for quick reading: Redis, brought up to date after each commit.
///
/// Nobody waits for it. States of the same period that meet on the way are one write, and what Redis does not take is
/// counted and forgotten: readers then go to Postgres.
package final class QuotaBoard: Sendable {
    private struct Place: Hashable {
        let companyID: ExactText
        let kind: String
        let start: Int64
    }

    private struct State {
        var waiting: [Place: (state: QuotaSnapshot, readAt: ContinuousClock.Instant)] = [:]
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

    /// Shows the states, some time soon.
    ///
    /// - Parameter readAt: a moment at which Postgres had them.
    func show(_ snapshots: [QuotaSnapshot], readAt: ContinuousClock.Instant) {
        guard !snapshots.isEmpty else { return }
        let mustWrite = state.withLock { state in
            if state.waiting.count >= Self.capacity { state.waiting.removeAll() }
            for snapshot in snapshots {
                let place = Place(
                    companyID: ExactText(snapshot.companyID),
                    kind: snapshot.kind,
                    start: snapshot.start
                )
                if let other = state.waiting[place], other.state.version > snapshot.version { continue }
                state.waiting[place] = (snapshot, readAt)
            }
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustWrite { Task { await write() } }
    }

    /// Returns once everything shown before has been written, or refused.
    package func settle() async {
        await withCheckedContinuation { continuation in
            let isSettled = state.withLock { state in
                if state.isWriting { state.observers.append(continuation) }
                return !state.isWriting
            }
            if isSettled { continuation.resume() }
        }
    }

    /// What is shown of the company's present periods; a kind that is not shown, or not believed, is missing.
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
