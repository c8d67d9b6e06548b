package enum Settlement: Sendable, Hashable {
    case acknowledge
    /// Back to the queue; quorum queues count it as a delivery.
    case requeue
}
