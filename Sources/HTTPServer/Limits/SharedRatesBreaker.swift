/// When Redis is asked about limits, and waited for: a value that gets the time from its caller.
///
/// After three late or failed answers in a row it is asked once a second, and nobody waits, until an answer is in time. Waits
/// that overlap are one late answer, however many requests it has held up.
struct SharedRatesBreaker: Sendable {
    enum Change: Sendable, Hashable {
        case none, opened, closed
    }

    private static let threshold = 3
    private static let pause = Duration.seconds(1)

    private var misses = 0
    private var missedAt: ContinuousClock.Instant?
    /// When to ask again; `nil` while it is closed.
    private var retryAt: ContinuousClock.Instant?

    var isOpen: Bool { retryAt != nil }

    mutating func access(at now: ContinuousClock.Instant) -> SharedRates.Access {
        guard let time = retryAt else { return .ask }
        guard now >= time else { return .none }
        retryAt = now + Self.pause
        return .probe
    }

    mutating func recordAnswer() -> Change {
        defer { (misses, missedAt, retryAt) = (0, nil, nil) }
        return isOpen ? .closed : .none
    }

    /// - Parameter askedAt: when the answer began to be waited for.
    mutating func recordMiss(askedAt: ContinuousClock.Instant, at now: ContinuousClock.Instant) -> Change {
        if let missedAt, askedAt < missedAt { return .none }
        missedAt = now
        guard !isOpen else {
            retryAt = now + Self.pause
            return .none
        }
        misses += 1
        guard misses >= Self.threshold else { return .none }
        retryAt = now + Self.pause
        return .opened
    }
}
