@testable import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

/// Bodies that are larger together than the process may hold.
@Suite(.enabled(if: RabbitMQEnvironment.configuration != nil), .timeLimit(.minutes(5)))
struct RabbitMQLargeBodyTests {
    private static let megabyte = 1 << 20

    private func fill(_ subject: Subject, _ queue: String, _ count: Int) async throws {
        let publisher = try await subject.broker.publisher(named: "test")
        let body = [UInt8](repeating: 0x20, count: Self.megabyte)
        for _ in 0..<count {
            let message = OutgoingMessage(exchange: "", routingKey: queue, message: Message(body: body))
            #expect(await publisher.publish([message])[0].isConfirmed)
        }
        await publisher.close()
    }

    @Test func `a consumer reads no more than the budget, keeps its connection, and gets everything in the end`()
        async throws
    {
        let configuration = try #require(RabbitMQEnvironment.configuration)
        let subject = Subject.rabbitMQ(configuration)
        try await subject.withQueue { queue in
            try await fill(subject, queue, 40)
            let budget = BodyBudget(8 * Self.megabyte)
            let consumer = try await RabbitMQBroker(configuration, bodyBudget: budget).consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 1_000)]
            )
            let held = Mutex<[Delivery]>([])
            let connections = Atomic(0)
            let returned = Atomic(0)
            let reader = Task {
                for await event in consumer.events {
                    switch event {
                    case .connected: connections.add(1, ordering: .relaxed)
                    case .deliveries(let deliveries):
                        returned.add(deliveries.count { $0.isRedelivered }, ordering: .relaxed)
                        held.withLock { $0 += deliveries }
                    case .disconnected, .cancelled: break
                    }
                }
            }
            try await eventually { consumer.isStalled }
            // Longer than RabbitMQ keeps a connection that takes nothing.
            try await Task.sleep(for: .seconds(40))
            #expect(budget.held <= 17 * Self.megabyte, "\(budget.held) bytes are held")
            #expect(connections.load(ordering: .relaxed) == 1)
            let count = Atomic(0)
            try await eventually(within: .seconds(60)) {
                let taken = held.withLock { held in
                    defer { held = [] }
                    return held
                }
                consumer.settle(taken.map(\.token), as: .acknowledge)
                return count.add(taken.count, ordering: .relaxed).newValue == 40
            }
            await consumer.close()
            await reader.value
            #expect(connections.load(ordering: .relaxed) == 1)
            #expect(returned.load(ordering: .relaxed) == 0, "a message has paid for the others' size")
            #expect(try await subject.broker.depth(of: queue)?.ready == 0)
        }
    }

    @Test func `a consumer that is stalled can be stopped; what it has not taken goes back`() async throws {
        let configuration = try #require(RabbitMQEnvironment.configuration)
        let subject = Subject.rabbitMQ(configuration)
        try await subject.withQueue { queue in
            try await fill(subject, queue, 30)
            let budget = BodyBudget(4 * Self.megabyte)
            let consumer = try await RabbitMQBroker(configuration, bodyBudget: budget).consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 1_000)]
            )
            let log = EventLog(consumer)
            try await eventually { consumer.isStalled }
            await consumer.stopDeliveries()
            #expect(budget.held <= 5 * Self.megabyte)
            let taken = await log.deliveries
            #expect(!taken.isEmpty && taken.count < 30)
            consumer.settle(taken.map(\.token), as: .acknowledge)
            await consumer.close()
            try await eventually { try await subject.broker.depth(of: queue)?.ready == 30 - taken.count }
        }
    }
}
