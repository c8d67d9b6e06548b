/// A message broker, real or in memory: the only interface between the runtime and what moves messages.
package protocol Broker: Sendable {
    /// A publisher on a connection of its own; it reconnects by itself until it is closed.
    func publisher(named name: String) async throws -> any MessagePublisher

    /// A consumer on a connection of its own, which declares nothing; it reconnects by itself until it is closed.
    func consumer(named name: String, of subscriptions: [Subscription]) async throws -> any MessageConsumer

    /// The numbers of ready messages and of consumers of those queues that exist, by name.
    ///
    /// All questions go over one connection, which the first one opens and which is kept. When it is lost, the next
    /// question opens another; while the broker is out, questions fail at once and attempts to connect grow rare.
    func depths(of queues: [String]) async throws -> [String: QueueDepth]

    /// Closes the connection of the questions, and refuses further ones with the code `closed`.
    ///
    /// Publishers and consumers stay open: whoever asked for one closes it.
    func close() async
}
