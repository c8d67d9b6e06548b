package enum ConsumerEvent: Sendable {
    /// Never empty.
    case deliveries([Delivery])
    /// The connection is up (again), with the epoch of its deliveries.
    case connected(epoch: UInt64)
    /// The connection is lost; every unsettled delivery of earlier epochs will come again.
    case disconnected(reason: String)
    /// The broker ended the subscription: the queue was deleted or moved. The consumer goes on trying to resume it.
    case cancelled(queue: String)
}
