/// Takes deliveries off one or more queues over one connection.
package protocol MessageConsumer: Sendable {
    /// What arrives, in order; ends when the consumer is closed. May be iterated once.
    var events: AsyncStream<ConsumerEvent> { get }

    /// Settles a delivery; never blocks. Acknowledgements are gathered and sent together.
    ///
    /// A delivery of a lost connection is ignored here: the broker gives it out again by itself. A second settle
    /// of one delivery is ignored too, and counted as a programming error.
    func settle(_ delivery: DeliveryToken, as settlement: Settlement)

    /// Settles several deliveries alike, with one wake-up of the connection.
    func settle(_ deliveries: [DeliveryToken], as settlement: Settlement)

    /// Whether the delivery can still be settled here; what belongs to a lost connection comes again by itself.
    func holds(_ delivery: DeliveryToken) -> Bool

    /// Whether nothing more arrives until something of what is out is freed.
    var isStalled: Bool { get }

    /// Stops the deliveries of a queue. What was already delivered stays with the caller.
    func pause(_ queue: String) async

    /// Takes up the deliveries of a paused queue again.
    ///
    /// - Parameter prefetch: in place of the subscription's own, until the queue is paused again.
    func resume(_ queue: String, prefetch: Int?) async

    /// Stops the deliveries of all queues, and keeps the connection for settling what is out.
    func stopDeliveries() async

    /// Returns once every settlement made before the call is on the wire and a round trip with the broker is done.
    func flush() async

    /// Flushes and closes. What is unsettled goes back to its queue.
    func close() async
}

extension MessageConsumer {
    package var isStalled: Bool { false }

    /// Takes up the deliveries of a paused queue again.
    package func resume(_ queue: String) async { await resume(queue, prefetch: nil) }
}
