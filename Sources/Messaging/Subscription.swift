/// A queue to consume from, and how many deliveries may be unsettled at a time.
package struct Subscription: Sendable, Hashable {
    package var queue: String
    /// At least 1, at most 65,535.
    package var prefetch: Int

    package init(queue: String, prefetch: Int) {
        self.queue = queue
        self.prefetch = prefetch
    }
}
