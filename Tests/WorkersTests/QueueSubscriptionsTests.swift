import FlotillaMessaging
import FlotillaModels
import Synchronization
import Testing

@testable import Workers

struct QueueSubscriptionsTests {
    /// Notes what it is asked for.
    private final class Consumer: MessageConsumer {
        let events = AsyncStream<ConsumerEvent> { _ in }
        private let calls = Mutex<[String]>([])

        var all: [String] { calls.withLock(\.self) }

        func settle(_ delivery: DeliveryToken, as settlement: Settlement) {}
        func settle(_ deliveries: [DeliveryToken], as settlement: Settlement) {}
        func holds(_ delivery: DeliveryToken) -> Bool { true }
        func pause(_ queue: String) async { calls.withLock { $0.append("pause \(queue)") } }
        func resume(_ queue: String, prefetch: Int?) async {
            calls.withLock { $0.append("resume \(queue) \(prefetch.map { "\($0)" } ?? "all")") }
        }
        func stopDeliveries() async { calls.withLock { $0.append("stop") } }
        func flush() async {}
        func close() async {}
    }

    @Test func `the broker is asked for what changes, and for nothing else`() async {
        let consumer = Consumer()
        let subscriptions = QueueSubscriptions(consumer)
        await subscriptions.adjust("q") { .all }
        #expect(consumer.all.isEmpty)
        await subscriptions.adjust("q") { .none }
        await subscriptions.adjust("q") { .none }
        await subscriptions.adjust("q") { .one }
        await subscriptions.adjust("q") { .all }
        #expect(consumer.all == ["pause q", "resume q 1", "pause q", "resume q all"])
    }

    @Test func `a queue that was paused on request is not taken up when its hold ends`() async {
        let consumer = Consumer()
        let subscriptions = QueueSubscriptions(consumer)
        await subscriptions.adjust("q") { .none }
        await subscriptions.pause("q") { .none }
        await subscriptions.adjust("q") { .all }
        #expect(consumer.all == ["pause q"])
        await subscriptions.resume("q") { .all }
        #expect(consumer.all == ["pause q", "resume q all"])
    }

    @Test func `once stopped nothing is subscribed to any more`() async {
        let consumer = Consumer()
        let subscriptions = QueueSubscriptions(consumer)
        await subscriptions.adjust("q") { .none }
        await subscriptions.stop()
        await subscriptions.adjust("q") { .all }
        #expect(consumer.all == ["pause q", "stop"])
    }
}
