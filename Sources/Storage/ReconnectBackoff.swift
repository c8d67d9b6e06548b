/// How long to wait before the next attempt to connect: from 50 ms, doubled each time, up to 2 s, with jitter.
struct ReconnectBackoff: Sendable, Hashable {
    private var failures = 0

    /// The wait after one more failure.
    ///
    /// - Parameter chance: from 0 to 1; the wait is shortened by up to half.
    mutating func next(chance: Double) -> Duration {
        let base = min(0.05 * Double(1 << min(failures, 10)), 2)
        failures += 1
        return .milliseconds(Int64(base * (1 - 0.5 * min(max(chance, 0), 1)) * 1_000))
    }

    mutating func reset() { failures = 0 }
}
