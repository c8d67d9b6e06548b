package import FlotillaStorage
import Synchronization

/// The limits that all processes share, and whether Redis answers fast enough to be waited for.
///
/// A request whose answer is late or fails is decided by this process's own count. ``SharedRatesBreaker`` says when nobody
/// waits any more.
package final class SharedRates: Sendable {
    enum Access {
        /// Ask, and wait for the answer.
        case ask
        /// Ask, and decide without the answer.
        case probe
        case none
    }

    /// How long a request waits for an answer.
    let waitLimit: Duration
    private let limits: RateLimits
    private let report: @Sendable (Bool) -> Void
    private let breaker = Mutex(SharedRatesBreaker())

    /// - Parameters:
    ///   - waitLimit: how long a request waits for an answer.
    ///   - report: called with false when limits begin to hold for this process alone, and with true when they are shared
    ///     again.
    package init(
        _ limits: RateLimits,
        waitLimit: Duration = .milliseconds(5),
        report: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        self.limits = limits
        self.waitLimit = waitLimit
        self.report = report
    }

    func access(at now: ContinuousClock.Instant) -> Access { breaker.withLock { $0.access(at: now) } }

    var isAnswering: Bool { breaker.withLock { !$0.isOpen } }

    /// `nil` when Redis fails.
    func take(_ wanted: Int, of name: String, _ limit: RateLimit) async -> RateLimits.Grant? {
        let start = ContinuousClock.now
        let grant = try? await limits.take(wanted, of: name, rate: limit.rate, burst: limit.burst)
        let now = ContinuousClock.now
        if grant != nil, now - start <= waitLimit {
            note(breaker.withLock { $0.recordAnswer() })
        } else {
            noteMiss(askedAt: start, at: now)
        }
        return grant
    }

    /// Notes an answer that failed, or that was waited for in vain since `askedAt`.
    func noteMiss(askedAt: ContinuousClock.Instant, at now: ContinuousClock.Instant) {
        note(breaker.withLock { $0.recordMiss(askedAt: askedAt, at: now) })
    }

    private func note(_ change: SharedRatesBreaker.Change) {
        switch change {
        case .none: return
        case .opened: report(false)
        case .closed: report(true)
        }
    }
}
