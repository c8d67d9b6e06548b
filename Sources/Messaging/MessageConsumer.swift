package import FlotillaModels

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

    /// Stops the deliveries of a queue. What was already delivered stays with the caller.
    func pause(_ queue: String) async

    /// Takes up the deliveries of a paused queue again.
    func resume(_ queue: String) async

    /// Stops the deliveries of all queues, and keeps the connection for settling what is out.
    func stopDeliveries() async

    /// Returns once every settlement made before the call is on the wire and a round trip with the broker is done.
    func flush() async

    /// Flushes and closes. What is unsettled goes back to its queue.
    func close() async
}

/// One message taken off a queue. Only the runtime settles it.
///
/// A class, since it is passed along by every stage and never changes.
package final class Delivery: Sendable {
    package let message: Message
    package let queue: String
    package let exchange: String
    package let routingKey: String
    package let isRedelivered: Bool
    package let token: DeliveryToken

    package init(
        message: Message,
        queue: String,
        exchange: String,
        routingKey: String,
        isRedelivered: Bool,
        token: DeliveryToken
    ) {
        self.message = message
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.isRedelivered = isRedelivered
        self.token = token
    }
}

/// Names a delivery on the connection that it came by. The epoch grows with every reconnect.
package struct DeliveryToken: Sendable, Hashable {
    package let epoch: UInt64
    package let tag: UInt64

    package init(epoch: UInt64, tag: UInt64) {
        self.epoch = epoch
        self.tag = tag
    }
}

package enum Settlement: Sendable, Hashable {
    case acknowledge
    /// Back to the queue; quorum queues count it as a delivery.
    case requeue
}

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
