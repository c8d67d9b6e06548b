/// Waits that double from `base` up to `cap`, each shortened by chance to between half and all of it.
package struct Backoff: Sendable, Hashable {
    package var base: Duration
    package var cap: Duration

    package init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    /// - Parameters:
    ///   - failures: how many attempts have failed in a row, from 1.
    ///   - chance: from 0 to 1.
    package func delay(afterFailures failures: Int, chance: Double) -> Duration {
        let doublings = min(max(failures - 1, 0), 30)
        return min(cap, base * (1 << doublings)) * (0.5 + 0.5 * min(max(chance, 0), 1))
    }
}
