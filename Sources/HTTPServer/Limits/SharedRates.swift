package import FlotillaStorage
import Synchronization

/// The limits that all processes share, and whether Redis answers fast enough to be waited for.
///
/// After a failure, or an answer that requests have waited for in vain, it is asked once a second, and nobody waits.
package final class SharedRates: Sendable {
    enum Access {
        /// Ask, and wait for the answer.
        case ask
        /// Ask, and decide without the answer.
        case probe
        case none
    }

    private static let pause = Duration.seconds(1)

    /// How long a request waits for an answer.
    let patience: Duration
    private let limits: RateLimits
    private let report: @Sendable (Bool) -> Void
    /// When to ask again; `nil` while Redis answers.
    private let retryAt = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameters:
    ///   - patience: how long a request waits for an answer.
    ///   - report: called with false when limits begin to hold for this process alone, and with true when they are shared
    ///     again.
    package init(
        _ limits: RateLimits,
        patience: Duration = .milliseconds(5),
        report: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        self.limits = limits
        self.patience = patience
        self.report = report
    }

    func access(at now: ContinuousClock.Instant) -> Access {
        retryAt.withLock { retryAt in
            guard let time = retryAt else { return .ask }
            guard now >= time else { return .none }
            retryAt = now + Self.pause
            return .probe
        }
    }

    var isAnswering: Bool { retryAt.withLock { $0 == nil } }

    /// `nil` when Redis fails.
    func take(_ wanted: Int, of name: String, _ limit: RateLimit) async -> RateLimits.Grant? {
        let start = ContinuousClock.now
        let grant = try? await limits.take(wanted, of: name, rate: limit.rate, burst: limit.burst)
        let now = ContinuousClock.now
        if grant == nil {
            giveUp(at: now)
        } else if now - start <= patience {
            let isNews = retryAt.withLock { retryAt in
                defer { retryAt = nil }
                return retryAt != nil
            }
            if isNews { report(true) }
        }
        return grant
    }

    /// Requests have waited in vain.
    func giveUp(at now: ContinuousClock.Instant) {
        let isNews = retryAt.withLock { retryAt in
            defer { retryAt = now + Self.pause }
            return retryAt == nil
        }
        if isNews { report(false) }
    }
}
