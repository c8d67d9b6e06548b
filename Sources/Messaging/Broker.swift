/// A message broker, real or in memory: the only door between the runtime and what moves messages.
package protocol Broker: Sendable {
    /// A publisher on a connection of its own; it reconnects by itself until it is closed.
    func publisher(named name: String) async throws -> any MessagePublisher

    /// A consumer on a connection of its own, which declares nothing; it reconnects by itself until it is closed.
    func consumer(named name: String, of subscriptions: [Subscription]) async throws -> any MessageConsumer

    /// The numbers of ready messages and of consumers, or `nil` when there is no such queue.
    func depth(of queue: String) async throws -> QueueDepth?
}

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

package struct QueueDepth: Sendable, Hashable {
    package var ready: Int
    package var consumers: Int

    package init(ready: Int, consumers: Int) {
        self.ready = ready
        self.consumers = consumers
    }
}
