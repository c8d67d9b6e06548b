import Synchronization

/// Lets one message through in a while.
package final class ProgressThrottle: Sendable {
    private let interval: Duration
    private let next: Mutex<ContinuousClock.Instant>

    package init(_ interval: Duration) {
        self.interval = interval
        next = Mutex(.now + interval)
    }

    /// Whether it is time for another.
    package func isDue() -> Bool {
        next.withLock { next in
            guard .now >= next else { return false }
            next = .now + interval
            return true
        }
    }
}
