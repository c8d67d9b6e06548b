/// One queue of a consumer, and how far its subscription is.
struct SubscriptionState {
    enum Phase: Hashable {
        /// Nothing is under way; it will be probed when it is wanted.
        case idle
        /// The broker was asked whether the queue exists.
        case probing
        /// The broker was asked to deliver.
        case starting
        case consuming
        /// The broker was asked to stop.
        case cancelling
        /// There was no such queue; it is looked for again later.
        case missing
    }

    let subscription: Subscription
    let index: Int
    var phase = Phase.idle
    /// How many may be unsettled at a time, from the next start on.
    var prefetch: Int
    /// Whether deliveries are wanted: not paused, not stopped.
    var isWanted = true
    /// How many times in a row the queue was not there.
    var failures = 0
    /// Whether the queue was found again after it had been missing.
    var isFound = false
    /// Grows with every start, so that a late cancel can't hit the next consumer.
    var generation = 0

    init(_ subscription: Subscription, index: Int) {
        self.subscription = subscription
        self.index = index
        prefetch = subscription.prefetch
    }

    var queue: String { subscription.queue }

    /// Short enough to cost no allocation.
    var tag: String { "f\(index).\(generation)" }

    /// Whether the broker may still deliver.
    var isStopping: Bool { !isWanted && phase != .idle && phase != .missing }
}
