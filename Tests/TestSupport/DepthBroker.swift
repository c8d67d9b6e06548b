package import FlotillaMessaging

/// Knows how much is ready in its queues, and nothing else.
package struct DepthBroker: Broker {
    private let ready: Int

    /// - Parameter ready: in each of them.
    package init(ready: Int) { self.ready = ready }

    package func publisher(named name: String) async throws -> any MessagePublisher {
        throw TestSetupError(description: "no publisher here")
    }

    package func consumer(named name: String, of subscriptions: [Subscription]) async throws -> any MessageConsumer {
        throw TestSetupError(description: "no consumer here")
    }

    package func depths(of queues: [String]) async throws -> [String: QueueDepth] {
        Dictionary(uniqueKeysWithValues: queues.map { ($0, QueueDepth(ready: ready, consumers: 1)) })
    }

    package func close() async {}
}
