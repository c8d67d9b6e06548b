/// Whether a request is within a limit, and what its client may know of it.
package struct RateDecision: Sendable, Hashable {
    package let isGranted: Bool
    /// How many more requests may come at once, as far as this process knows.
    package let remaining: Int
    /// Until when a refused client has to wait; zero when it was granted.
    package let retryAfter: Duration
}
