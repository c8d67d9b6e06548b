import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Synchronization
import Testing
import Workers

/// The broker's delivery limit counts lost connections: only what ran when a process died is a dead letter by it.
@Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable))
struct DeliveryLimitTests {
    private static let limit = 2

    private func with(_ body: (KeeperFixture) async throws -> Void) async throws {
        try await KeeperFixture.with(change: { $0.crashLimit = Self.limit }, body)
    }

    private func publish(_ fixture: KeeperFixture, _ ids: [String]) async throws {
        try await fixture.publish(
            ids.map { id in
                OutgoingMessage(
                    exchange: fixture.topology.events.name,
                    routingKey: "profile.viewed",
                    message: fixture.message(id)
                )
            }
        )
    }

    /// Takes so many messages and loses them, as connections that close do, until the broker gives them up; returns how often.
    private func lose(_ fixture: KeeperFixture, _ count: Int = 1) async throws -> Int {
        let losses = Mutex(0)
        let consumer = try await fixture.rabbit.consumer(
            named: "test",
            of: [Subscription(queue: fixture.queue.name, prefetch: 10)]
        )
        let losing = Task {
            for await case .deliveries(let deliveries) in consumer.events {
                losses.withLock { $0 += deliveries.count }
                consumer.settle(deliveries.map(\.token), as: .requeue)
            }
        }
        try await eventually("the broker has given all up") {
            try await fixture.broker.admin.queueDepth(fixture.queue.deadLetterQueue)?.ready == count
        }
        await consumer.close()
        await losing.value
        return losses.withLock(\.self)
    }

    @Test func `a message that never ran goes back to its queue as it was, with a new count`() async throws {
        try await with { fixture in
            try await publish(fixture, ["m"])
            _ = try await lose(fixture)
            #expect(try await fixture.sweep.run() == 1)
            #expect(try await fixture.store.count(DeadLetterFilter()).count == 0)
            let (back, _, _) = try #require(try await fixture.broker.admin.get(fixture.queue.name))
            #expect(back.properties.messageID == "m")
            #expect(back.headers[FleetHeader.originRoutingKey] == "profile.viewed")
            #expect(back.headers[FleetHeader.originExchange]?.text == fixture.topology.events.name)
            #expect(back.headers[FleetHeader.limitReturns]?.count == 1)
            #expect(back.headers[FleetHeader.brokerDeath] == nil)
            var restored = Republication.restore(back)
            restored.headers.entries.sort { $0.name < $1.name }
            var published = fixture.message("m")
            published.properties.deliveryMode = 2
            published.properties.userID = fixture.broker.configuration.user
            published.headers.entries.sort { $0.name < $1.name }
            #expect(restored == published)
        }
    }

    @Test func `a message that ran when a process died stays dead, and its neighbours go back`() async throws {
        try await with { fixture in
            let killer = MessageIdentity(queue: fixture.queue.name, message: fixture.message("killer"))
            _ = try await fixture.database.pool.query(CrashNotes.insert([killer.description]))
            try await publish(fixture, ["a", "killer", "b"])
            _ = try await lose(fixture, 3)
            #expect(try await fixture.sweep.run() == 3)
            let dead = try await fixture.store.list()
            #expect(dead.map(\.deadLetter.messageID) == ["killer"])
            #expect(dead.map(\.deadLetter.failure.type) == ["delivery_limit"])
            #expect(try await fixture.broker.admin.queueDepth(fixture.queue.name)?.ready == 2)
        }
    }

    @Test func `a message that ends its process each time, seen by no journal, ends as a dead letter`() async throws {
        try await with { fixture in
            try await publish(fixture, ["m"])
            var losses = 0
            var rounds = 0
            while try await fixture.store.count(DeadLetterFilter()).count == 0 {
                losses += try await lose(fixture)
                rounds += 1
                try #require(rounds < 10, "it goes back for ever")
                try await fixture.sweep.run()
            }
            #expect(rounds == 4)
            #expect(losses == 4 * (Self.limit + 1))
            #expect(try await fixture.store.list().map(\.deadLetter.failure.type) == ["delivery_limit"])
            #expect(try await fixture.broker.admin.queueDepth(fixture.queue.name)?.ready == 0)
        }
    }

    @Test func `the keeper tells how many went back`() async throws {
        try await with { fixture in
            try await publish(fixture, ["a", "b"])
            _ = try await lose(fixture, 2)
            let metrics = Metrics()
            let keeper = Keeper(
                topology: fixture.topology,
                broker: fixture.rabbit,
                store: fixture.store,
                metrics: metrics,
                log: Log(service: "test", threshold: .error, descriptor: -1)
            )
            let running = Task { await keeper.run() }
            try await eventually("both are back") {
                metrics.render().contains("flotilla_dlq_returned_total{queue=\"\(fixture.queue.name)\"} 2")
            }
            running.cancel()
            await running.value
        }
    }
}
