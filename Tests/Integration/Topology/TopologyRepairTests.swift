import FlotillaMessaging
import FlotillaModels
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

@Suite(.enabled(if: TestBroker.isAvailable))
struct TopologyRepairTests {
    /// What was said to be lost.
    private final class Losses: Sendable {
        private let names = Mutex<[String]>([])
        private let refused = Mutex<[String]>([])
        /// Whether a loss can't be noted.
        let isRefusing = Mutex(false)

        var all: [String] { names.withLock { $0 } }
        var allRefused: [String] { refused.withLock { $0 } }

        func note(_ losses: [TopologyRepair.Loss]) -> Bool {
            let mayNote = !isRefusing.withLock { $0 }
            let queues = losses.map(\.queue)
            if mayNote { names.withLock { $0 += queues } } else { refused.withLock { $0 += queues } }
            return mayNote
        }
    }

    private struct Fixture: Sendable {
        let broker: TestBroker
        let topology: Topology
        let queue: QueueDefinition
        let repair: TopologyRepair
        let fleet: RabbitMQBroker
        let losses: Losses

        var topic: String { "\(broker.name).topic" }

        func exists(_ queue: String) async throws -> Bool { try await broker.admin.queueDepth(queue) != nil }

        func publish(_ message: OutgoingMessage, with publisher: any MessagePublisher) async -> PublishResult {
            await publisher.publish([message])[0]
        }
    }

    private func with(_ body: (Fixture) async throws -> Void) async throws {
        try await TestBroker.with { broker in
            let queue = broker.queue("a", key: "a.b")
            let topology = broker.topology([queue])
            try await broker.deploy(topology)
            let losses = Losses()
            var surroundings = TopologyRepair.Surroundings()
            surroundings.noteLost = { losses.note($0) }
            let log = Log(service: "test", threshold: .error, descriptor: -1)
            let repair = TopologyRepair(
                topology,
                on: broker.configuration,
                metrics: Metrics(),
                log: log,
                surroundings
            )
            let fleet = RabbitMQBroker(broker.configuration, repair: repair)
            let fixture = Fixture(
                broker: broker,
                topology: topology,
                queue: queue,
                repair: repair,
                fleet: fleet,
                losses: losses
            )
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
            await repair.close()
            await fleet.close()
            try result.get()
        }
    }

    private func event(_ fixture: Fixture, _ id: String) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.messageID = id
        return OutgoingMessage(
            exchange: fixture.topic,
            routingKey: "a.b",
            message: Message(properties: properties, body: [1])
        )
    }

    @Test func `a queue that is deleted under its consumer is there again with its bindings, and delivers`()
        async throws
    {
        try await with { fixture in
            let consumer = try await fixture.fleet.consumer(
                named: "test",
                of: [Subscription(queue: fixture.queue.name, prefetch: 10)]
            )
            try await eventually("it consumes") {
                try await fixture.broker.admin.queueDepth(fixture.queue.name)?.consumers == 1
            }
            try await fixture.broker.admin.deleteQueue(fixture.queue.name)
            try await eventually("the queue is back") { try await fixture.exists(fixture.queue.name) }
            #expect(fixture.losses.all.contains(fixture.queue.name))
            let publisher = try await fixture.fleet.publisher(named: "test")
            try await eventually("it is bound again") {
                await fixture.publish(event(fixture, "1"), with: publisher).isConfirmed
            }
            var events = consumer.events.makeAsyncIterator()
            var id: String?
            while id == nil, let event = await events.next() {
                guard case .deliveries(let deliveries) = event else { continue }
                id = deliveries.first?.message.properties.messageID
            }
            #expect(id == "1")
            await publisher.close()
            await consumer.close()
        }
    }

    @Test func `an exchange that is missing is declared again with its bindings by a publish to it`() async throws {
        try await with { fixture in
            let publisher = try await fixture.fleet.publisher(named: "test")
            #expect(await fixture.publish(event(fixture, "1"), with: publisher).isConfirmed)
            try await fixture.broker.admin.deleteExchange(fixture.topic)
            try await eventually("a publish succeeds") {
                await fixture.publish(event(fixture, "2"), with: publisher).isConfirmed
            }
            try await eventually("both have come") {
                try await fixture.broker.admin.queueDepth(fixture.queue.name)?.ready == 2
            }
            await publisher.close()
        }
    }

    @Test func `a loss that can't be noted is mended all the same, and noted once it can be`() async throws {
        try await with { fixture in
            fixture.losses.isRefusing.withLock { $0 = true }
            let watch = Task { await fixture.repair.watch() }
            try await fixture.broker.admin.deleteQueue(fixture.queue.name)
            fixture.repair.report(lost: fixture.queue.name)
            try await eventually("the queue is back") { try await fixture.exists(fixture.queue.name) }
            try await eventually("it is tried again") { fixture.losses.allRefused.count > 2 }
            fixture.losses.isRefusing.withLock { $0 = false }
            try await eventually("it is noted") { fixture.losses.all == [fixture.queue.name] }
            watch.cancel()
            await watch.value
        }
    }

    @Test func `an exchange that only others use is looked for and declared again`() async throws {
        try await with { fixture in
            let watch = Task { await fixture.repair.watch() }
            try await fixture.broker.admin.deleteExchange(fixture.topic)
            try await eventually("it is back") { try await fixture.broker.admin.exchangeExists(fixture.topic) }
            watch.cancel()
            await watch.value
        }
    }

    @Test func `a dead-letter queue and a ladder that are missing are declared again when a message is returned`()
        async throws
    {
        try await with { fixture in
            let publisher = try await fixture.fleet.publisher(named: "test")
            let ladder = fixture.topology.delay
            let names = [fixture.queue.deadLetterQueue] + (0..<ladder.levels).map(ladder.name)
            for name in names { try await fixture.broker.admin.deleteQueue(name) }
            let exchanges = (0..<ladder.levels).map(ladder.name)
            for name in exchanges { try await fixture.broker.admin.deleteExchange(name) }
            let dead = OutgoingMessage(
                exchange: "",
                routingKey: fixture.queue.deadLetterQueue,
                message: Message(body: [1])
            )
            #expect(await !fixture.publish(dead, with: publisher).isConfirmed)
            for name in names {
                try await eventually("\(name) is back") { try await fixture.exists(name) }
            }
            for name in exchanges {
                try await eventually("\(name) is back") { try await fixture.broker.admin.exchangeExists(name) }
            }
            let retry = OutgoingMessage(
                exchange: ladder.entryExchange,
                routingKey: ladder.routingKey(for: .milliseconds(350), to: fixture.queue.name),
                message: Message(body: [1])
            )
            try await eventually("the ladder takes a message") {
                await fixture.publish(retry, with: publisher).isConfirmed
            }
            try await eventually("it comes to its queue") {
                try await fixture.broker.admin.queueDepth(fixture.queue.name)?.ready == 1
            }
            await publisher.close()
        }
    }

    @Test func `what is there is neither deleted nor declared anew`() async throws {
        try await with { fixture in
            let publisher = try await fixture.fleet.publisher(named: "test")
            #expect(await fixture.publish(event(fixture, "1"), with: publisher).isConfirmed)
            try await fixture.broker.admin.deleteQueue(fixture.queue.deadLetterQueue)
            fixture.repair.report(returned: "", fixture.queue.deadLetterQueue)
            try await eventually("the dead-letter queue is back") {
                try await fixture.exists(fixture.queue.deadLetterQueue)
            }
            #expect(try await fixture.broker.admin.queueDepth(fixture.queue.name)?.ready == 1)
            #expect(fixture.losses.all == [fixture.queue.deadLetterQueue])
            await publisher.close()
        }
    }

    @Test func `many at once make the same queue, and none fails`() async throws {
        try await with { fixture in
            let others = (0..<4).map { _ in
                TopologyRepair(
                    fixture.topology,
                    on: fixture.broker.configuration,
                    metrics: Metrics(),
                    log: Log(service: "test", threshold: .error, descriptor: -1)
                )
            }
            try await fixture.broker.admin.deleteQueue(fixture.queue.name)
            for repair in others { repair.report(lost: fixture.queue.name) }
            try await eventually("the queue is back") { try await fixture.exists(fixture.queue.name) }
            for repair in others { await repair.close() }
        }
    }

    @Test func `without a repair nothing is declared`() async throws {
        try await with { fixture in
            let fleet = RabbitMQBroker(fixture.broker.configuration)
            let publisher = try await fleet.publisher(named: "test")
            try await fixture.broker.admin.deleteQueue(fixture.queue.name)
            for _ in 0..<20 {
                #expect(await !fixture.publish(event(fixture, "1"), with: publisher).isConfirmed)
            }
            #expect(try await !fixture.exists(fixture.queue.name))
            await publisher.close()
            await fleet.close()
        }
    }
}
