import FlotillaStorage

/// What a process knows of one caller's rate: permits that it has taken from the common limit ahead of their use, and a
/// count of its own for while Redis is away. A pure value, which gets the time from its caller.
struct RateAllowance: Sendable {
    /// Permits that were not used by then are given up, so that they can't be saved for a burst beyond the limit.
    private static let leaseTime = Duration.seconds(1)
    /// So that a caller far above a high limit does not cost a question to Redis each millisecond.
    private static let shortestRefusal = Duration.milliseconds(10)

    private let limit: RateLimit
    private var local: GCRALimiter
    private var leased = 0
    private var leasedUntil: ContinuousClock.Instant?
    /// What was free in the common limit when Redis answered.
    private var left = 0
    private var answeredAt: ContinuousClock.Instant?
    private var refusedUntil: ContinuousClock.Instant?

    init(_ limit: RateLimit) {
        self.limit = limit
        local = GCRALimiter(rate: limit.rate, burst: limit.burst)
    }

    /// Decides by what Redis has said lately; `nil` when it has to be asked.
    mutating func take(at now: ContinuousClock.Instant) -> RateDecision? {
        if let leasedUntil, leased > 0, now < leasedUntil {
            leased -= 1
            // For when Redis is lost: what was used goes on counting.
            _ = local.take(1, at: now)
            return RateDecision(isGranted: true, remaining: remaining(at: now), retryAfter: .zero)
        }
        leased = 0
        guard let wait = refusal(at: now) else { return nil }
        return RateDecision(isGranted: false, remaining: 0, retryAfter: wait)
    }

    /// Decides by this process's own count.
    mutating func takeLocally(at now: ContinuousClock.Instant) -> RateDecision {
        let (granted, next) = local.take(1, at: now)
        return RateDecision(
            isGranted: granted > 0,
            remaining: local.free(at: now),
            retryAfter: granted > 0 ? .zero : next
        )
    }

    /// Takes over what Redis has granted.
    mutating func note(_ grant: RateLimits.Grant, at now: ContinuousClock.Instant) {
        if let leasedUntil, leasedUntil <= now { leased = 0 }
        leased += grant.granted
        left = grant.left
        answeredAt = now
        if grant.granted > 0 {
            leasedUntil = now + Self.leaseTime
            refusedUntil = nil
        } else if leased == 0 {
            let pause = min(Self.shortestRefusal, .seconds(Double(limit.batch) / limit.rate))
            refusedUntil = now + max(grant.next, pause)
        }
    }

    /// Whether so few permits are left that more should be asked for before the next request has to wait for them.
    func isRunningLow(at now: ContinuousClock.Instant) -> Bool {
        limit.batch > 1 && leased <= limit.batch / 2 && refusal(at: now) == nil
    }

    /// How long the common limit goes on refusing; `nil` when it does not, or it is not known.
    func refusal(at now: ContinuousClock.Instant) -> Duration? {
        guard let refusedUntil, refusedUntil > now else { return nil }
        return refusedUntil - now
    }

    /// The same by this process's own count.
    func localRefusal(at now: ContinuousClock.Instant) -> Duration? {
        var copy = local
        let (granted, next) = copy.take(1, at: now)
        return granted > 0 ? nil : next
    }

    /// Whether nothing of it would be missed: the caller has its whole burst again.
    func isForgettable(at now: ContinuousClock.Instant) -> Bool {
        refusal(at: now) == nil && local.free(at: now) == limit.burst
    }

    private func remaining(at now: ContinuousClock.Instant) -> Int {
        let regained = answeredAt.map { (now - $0) / .seconds(1) * limit.rate } ?? 0
        return min(limit.burst, leased + left + Int(min(regained, Double(limit.burst))))
    }
}
