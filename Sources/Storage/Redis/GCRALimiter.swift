/// Limits a rate by GCRA (the generic cell rate algorithm): a pure value, which gets the time from its caller.
package struct GCRALimiter: Sendable {
    private let interval: Duration
    private let tolerance: Duration
    private var arrival: ContinuousClock.Instant?

    /// - Parameters:
    ///   - rate: permits per second, above zero.
    ///   - burst: how many may be taken at once after a pause; at least 1.
    package init(rate: Double, burst: Int) {
        interval = .seconds(1 / rate)
        tolerance = interval * (burst - 1)
    }

    /// Takes up to `wanted` permits; returns how many there were, and when the next one comes.
    package mutating func take(_ wanted: Int, at now: ContinuousClock.Instant) -> (granted: Int, next: Duration) {
        let earliest = max(arrival ?? now, now)
        let granted = max(0, min(wanted, free(at: now)))
        let newArrival = earliest + interval * granted
        arrival = newArrival
        return (granted, max(.zero, newArrival - tolerance - now))
    }

    /// How many permits there are.
    package func free(at now: ContinuousClock.Instant) -> Int {
        let earliest = max(arrival ?? now, now)
        // A quotient of durations may be a hair below the whole number that it is.
        return max(0, Int(((now + tolerance - earliest) / interval + 1e-9).rounded(.down)) + 1)
    }
}
