import FlotillaStorage
import Synchronization

/// Holds callers to a rate: all processes together by Redis, and each for itself while Redis is away or slow.
///
/// A process takes permits in batches (``RateLimit/batch``), so that at high rates a request asks nobody. A caller may
/// therefore be refused as many requests early as the other processes have permits at hand, and have as many more than its
/// limit: a batch for each process. A request waits for Redis no longer than twice ``SharedRates/waitLimit``.
package final class RateLimiter: Sendable {
    fileprivate struct Entry {
        var allowance: RateAllowance
        /// The number of the question to Redis that is under way.
        var question: Int?
        /// Get whether Redis has answered.
        var waiters: [CheckedContinuation<Bool, Never>] = []
    }

    fileprivate struct State {
        var entries: [String: Entry] = [:]
        var lastQuestion = 0
    }

    private enum Step {
        /// - Parameter question: what to ask in the background.
        case decided(RateDecision, question: Int?)
        case wait
    }

    /// Callers that are remembered at a time. Made-up ones must not fill the memory.
    fileprivate static let capacity = 10_000

    let limit: RateLimit
    private let prefix: String
    private let shared: SharedRates?
    private let state = Mutex(State())

    /// - Parameters:
    ///   - name: of the limit; every process has to use the same.
    ///   - shared: `nil` counts in this process alone.
    package init(_ limit: RateLimit, name: String, shared: SharedRates?) {
        self.limit = limit
        self.shared = shared
        prefix = "api:\(name):"
    }

    /// How many callers are remembered.
    var callers: Int { state.withLock { $0.entries.count } }

    /// Takes a request of a caller.
    package func take(_ caller: String) async -> RateDecision {
        var deadline = ContinuousClock.now + (shared?.waitLimit ?? .zero)
        while true {
            switch step(caller, deadline) {
            case .decided(let decision, let question):
                if let question { ask(question, of: caller) }
                return decision
            case .wait:
                // One answer that is late or fails is enough for a request.
                if await !isAnswered(caller) { deadline = .now }
            }
        }
    }

    /// For how long a caller's requests are refused, as far as this process knows; takes nothing.
    func refusal(of caller: String) -> Duration? {
        let now = ContinuousClock.now
        let isShared = shared?.isAnswering ?? false
        return state.withLock { state in
            guard let allowance = state.entries[caller]?.allowance else { return nil }
            return isShared ? allowance.refusal(at: now) : allowance.localRefusal(at: now)
        }
    }

    private func step(_ caller: String, _ deadline: ContinuousClock.Instant) -> Step {
        let now = ContinuousClock.now
        return state.withLock { state in
            var entry = state.entry(of: caller, limit, at: now)
            defer { state.entries[caller] = entry }
            switch shared?.access(at: now) ?? .none {
            case .none: return .decided(entry.allowance.takeLocally(at: now), question: nil)
            case .probe:
                return .decided(entry.allowance.takeLocally(at: now), question: state.begin(&entry))
            case .ask:
                if let decision = entry.allowance.take(at: now) {
                    let isLow = entry.allowance.isRunningLow(at: now)
                    return .decided(decision, question: isLow ? state.begin(&entry) : nil)
                }
                return now < deadline ? .wait : .decided(entry.allowance.takeLocally(at: now), question: nil)
            }
        }
    }

    /// Returns once Redis has answered, or has failed, or has been waited for long enough.
    private func isAnswered(_ caller: String) async -> Bool {
        await withCheckedContinuation { continuation in
            let (mine, running, isFirst) = state.withLock { state in
                var entry = state.entry(of: caller, limit, at: .now)
                defer { state.entries[caller] = entry }
                entry.waiters.append(continuation)
                let mine = state.begin(&entry)
                return (mine, entry.question, entry.waiters.count == 1)
            }
            if let mine { ask(mine, of: caller) }
            if isFirst, let running { limitWait(for: running, of: caller) }
        }
    }

    private func ask(_ question: Int, of caller: String) {
        guard let shared else { return }
        Task {
            let waiting = state.withLock { $0.entries[caller]?.waiters.count ?? 0 }
            let wanted = min(max(limit.batch, waiting), limit.burst)
            let grant = await shared.take(wanted, of: prefix + caller, limit)
            for waiter in state.withLock({ $0.end(question, of: caller, grant) }) {
                waiter.resume(returning: grant != nil)
            }
        }
    }

    private func limitWait(for question: Int, of caller: String) {
        guard let shared else { return }
        let start = ContinuousClock.now
        Task {
            try? await Task.sleep(for: shared.waitLimit, tolerance: .zero)
            let late = state.withLock { $0.takeWaiters(for: question, of: caller) }
            guard !late.isEmpty else { return }
            shared.noteMiss(askedAt: start, at: .now)
            for waiter in late { waiter.resume(returning: false) }
        }
    }
}

extension RateLimiter.State {
    fileprivate typealias Waiters = [CheckedContinuation<Bool, Never>]

    fileprivate mutating func entry(
        of caller: String,
        _ limit: RateLimit,
        at now: ContinuousClock.Instant
    ) -> RateLimiter.Entry {
        if let entry = entries[caller] { return entry }
        if entries.count >= RateLimiter.capacity { makeRoom(at: now) }
        return RateLimiter.Entry(allowance: RateAllowance(limit))
    }

    /// A question for an entry that has none; `nil` when there is one.
    fileprivate mutating func begin(_ entry: inout RateLimiter.Entry) -> Int? {
        guard entry.question == nil else { return nil }
        lastQuestion += 1
        entry.question = lastQuestion
        return lastQuestion
    }

    fileprivate mutating func end(_ question: Int, of caller: String, _ grant: RateLimits.Grant?) -> Waiters {
        guard var entry = entries[caller], entry.question == question else { return [] }
        let waiters = entry.waiters
        if let grant { entry.allowance.note(grant, at: .now) }
        entry.question = nil
        entry.waiters = []
        entries[caller] = entry
        return waiters
    }

    fileprivate mutating func takeWaiters(for question: Int, of caller: String) -> Waiters {
        guard var entry = entries[caller], entry.question == question else { return [] }
        let waiters = entry.waiters
        entry.waiters = []
        entries[caller] = entry
        return waiters
    }

    /// Forgets callers that have their whole burst again; all that nobody waits for, where those are most.
    private mutating func makeRoom(at now: ContinuousClock.Instant) {
        entries = entries.filter { $0.value.question != nil || !$0.value.allowance.isForgettable(at: now) }
        guard entries.count > RateLimiter.capacity / 2 else { return }
        entries = entries.filter { $0.value.question != nil }
    }
}
