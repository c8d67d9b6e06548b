import Workers

/// Limits the requests to one endpoint: how many run at a time, and when none is made. A pure value, which gets the
/// time from its caller.
///
/// An endpoint that works gets `slots` requests at a time. One that has just been out gets a single one, and after
/// `CircuitBreaker`'s threshold none: then one request at a time finds out whether it is back, at doubling intervals. What
/// can't go now is given a turn of its own, so that a thousand deliveries do not all come back at once.
struct EndpointLimiter: Sendable {
    static let slots = 4
    private static let longestWait = Duration.seconds(600)

    enum Admission: Sendable, Hashable {
        /// - Parameter isProbe: whether it finds out if the endpoint is back.
        case enter(isProbe: Bool)
        /// Come back after this long.
        case wait(Duration)
    }

    private(set) var breaker = CircuitBreaker(threshold: 5, firstProbe: .seconds(1), longestProbe: .seconds(60))
    private var running = 0
    /// When the next trial may be made, while the breaker is open.
    private var probeAt: ContinuousClock.Instant?
    private var isProbing = false
    /// When the turn of the next one that has to wait comes.
    private var nextTurn: ContinuousClock.Instant?
    /// How long a request takes, as a moving average.
    private var usual = Duration.milliseconds(100)

    /// - Parameter hasRoom: whether the host takes one more request.
    mutating func enter(at now: ContinuousClock.Instant, hasRoom: Bool) -> Admission {
        switch breaker.state {
        case .open:
            guard hasRoom, !isProbing, let probeAt, probeAt <= now else {
                return .wait(turn(after: max(probeAt ?? now, now), spacing: .milliseconds(20), now))
            }
            isProbing = true
            running += 1
            return .enter(isProbe: true)
        case .closed(let outages):
            guard hasRoom, running < (outages > 0 ? 1 : Self.slots) else {
                return .wait(turn(after: now, spacing: usual / (outages > 0 ? 1 : Self.slots), now))
            }
            running += 1
            return .enter(isProbe: false)
        }
    }

    /// What a request that was let in has found.
    enum Observation: Sendable, Hashable {
        /// Nothing: it was not made, or not to its end.
        case nothing
        /// The endpoint answered, whatever it said of the message.
        case answer
        /// It is out. `hold` is how long it asked to be left alone.
        case outage(hold: Duration?)
    }

    mutating func leave(isProbe: Bool, _ observation: Observation, took: Duration, at now: ContinuousClock.Instant) {
        running -= 1
        if isProbe { isProbing = false }
        guard observation != .nothing else { return }
        usual = usual * 0.8 + took * 0.2
        switch (observation, isProbe) {
        case (.outage(let hold), true):
            guard case .probe(let wait) = breaker.recordProbe(succeeded: false) else { return }
            probeAt = now + max(wait, hold ?? .zero)
        case (.outage(let hold), false):
            guard case .probe(let wait) = breaker.recordOutage(holding: hold) else { return }
            probeAt = now + wait
        case (_, true):
            guard case .resume = breaker.recordProbe(succeeded: true) else { return }
            (probeAt, nextTurn) = (nil, nil)
        case (_, false): breaker.recordSuccess()
        }
    }

    private mutating func turn(
        after earliest: ContinuousClock.Instant,
        spacing: Duration,
        _ now: ContinuousClock.Instant
    ) -> Duration {
        let turn = max(nextTurn ?? earliest, earliest) + max(spacing, .milliseconds(5))
        nextTurn = min(turn, now + Self.longestWait)
        return max(.milliseconds(100), (nextTurn ?? turn) - now)
    }
}
