import Foundation
import Messaging
import Models
import Testing

struct Smoke {
    @Test func `smoke`() async throws {
        let url = ProcessInfo.processInfo.environment["RABBITMQ_URL"]!
        let configuration = try RabbitMQConfiguration(url: url)
        let admin = try await RabbitMQAdmin.open(configuration)
        print(await admin.serverVersion)
        let queue = "smoke"
        try await admin.deleteQueue(queue)
        try await admin.declareQueue(queue, arguments: ["x-queue-type": "quorum"])
        let broker = RabbitMQBroker(configuration)
        let publisher = try await broker.publisher(named: "p")
        let messages = (0..<3000).map { i in
            OutgoingMessage(exchange: "", routingKey: queue, message: Message(body: Array("hello \(i)".utf8)))
        }
        let results = await publisher.publish(messages)
        print(Set(results))
        print(try await broker.depth(of: queue) as Any, try await admin.queueDepth("nosuch") as Any)
        print(await publisher.publish([OutgoingMessage(exchange: "", routingKey: "nowhere", message: Message())]))
        let consumer = try await broker.consumer(named: "c", of: [Subscription(queue: queue, prefetch: 100)])
        var count = 0
        for await event in consumer.events {
            guard case .deliveries(let d) = event else { print(event); continue }
            count += d.count
            consumer.settle(d.map(\.token), as: .acknowledge)
            if count == 3000 { break }
        }
        await consumer.close()
        print(try await broker.depth(of: queue) as Any)
        await publisher.close()
        await admin.close()
    }
}
