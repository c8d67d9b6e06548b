import Workers

/// When the auth service is left alone: a value that gets the time from its caller.
///
/// After three failures in a row nothing is asked until the wait is over; then one request tries.
struct AuthServiceBreaker: Sendable {
    enum Change: Sendable, Hashable {
        case none, opened, closed
    }

    private var breaker = CircuitBreaker(
        firstProbe: .seconds(1),
        longestProbe: .seconds(10),
        longestReopening: .seconds(10)
    )
    private var retryAt: ContinuousClock.Instant?
    private var isTrying = false

    var isOpen: Bool { breaker.isOpen }

    /// Whether nothing is asked now.
    func isHolding(at now: ContinuousClock.Instant) -> Bool { isOpen && retryAt.map { now < $0 } ?? false }

    /// - Returns: how long to wait; `nil` when a request may go.
    mutating func admit(at now: ContinuousClock.Instant) -> Duration? {
        guard breaker.isOpen, let retryAt else { return nil }
        guard now >= retryAt else { return retryAt - now }
        guard !isTrying else { return .seconds(1) }
        isTrying = true
        return nil
    }

    mutating func recordSuccess() -> Change {
        guard breaker.isOpen else {
            breaker.recordSuccess()
            return .none
        }
        _ = breaker.recordProbe(succeeded: true)
        (retryAt, isTrying) = (nil, false)
        return .closed
    }

    /// - Parameter hold: how long the service itself asks to be left alone.
    mutating func recordFailure(holding hold: Duration?, at now: ContinuousClock.Instant) -> Change {
        let wasOpen = breaker.isOpen
        let action = wasOpen ? breaker.recordProbe(succeeded: false) : breaker.recordOutage(holding: hold)
        isTrying = false
        guard case .probe(let wait) = action else { return .none }
        retryAt = now + max(wait, hold ?? .zero)
        return wasOpen ? .none : .opened
    }
}
