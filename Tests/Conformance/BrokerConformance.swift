import FlotillaMessaging
import FlotillaModels
import Foundation
import Testing

/// What every broker has to do, real or in memory.
struct BrokerConformance {
    @Test(arguments: Subject.all)
    func `what is published is delivered in order, with where it was published to`(subject: Subject)
        async throws
    {
        try await subject.withQueue { queue in
            try await subject.bind(queue, "conformance.topic", "\(queue).*")
            let publisher = try await subject.broker.publisher(named: "test")
            let messages = (0..<1_500).map { index in
                OutgoingMessage(
                    exchange: "conformance.topic",
                    routingKey: "\(queue).made",
                    message: Message(body: Array("\(index)".utf8))
                )
            }
            let results = await publisher.publish(messages)
            #expect(results == Array(repeating: .confirmed, count: 1_500))
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 2_000)]
            )
            let log = EventLog(consumer, settling: .acknowledge)
            let deliveries = try await log.first(1_500)
            #expect(await log.bodies == (0..<1_500).map(String.init))
            #expect(Set(deliveries.map(\.exchange)) == ["conformance.topic"])
            #expect(Set(deliveries.map(\.routingKey)) == ["\(queue).made"])
            #expect(Set(deliveries.map(\.queue)) == [queue])
            #expect(deliveries.allSatisfy { !$0.isRedelivered })
            await consumer.close()
            #expect(try await subject.broker.depth(of: queue)?.ready == 0)
            let losses = await log.disconnections
            #expect(losses == [])
            await publisher.close()
        }
    }

    @Test(arguments: Subject.all)
    func `properties, headers and body arrive as they were sent`(subject: Subject) async throws {
        try await subject.withQueue { queue in
            var random = RandomMessages(seed: 42)
            let messages = (0..<300).map { _ in random.message() }
            let publisher = try await subject.broker.publisher(named: "test")
            let results = await publisher.publish(
                messages.map { OutgoingMessage(exchange: "", routingKey: queue, message: $0) }
            )
            #expect(results.allSatisfy { $0.isConfirmed })
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 500)]
            )
            let log = EventLog(consumer, settling: .acknowledge)
            let received = try await log.first(messages.count).map(\.message)
            for (index, pair) in zip(messages, received).enumerated() {
                var sent = pair.0
                // RabbitMQ is told who sends it; the broker in memory has no users.
                if subject.testDescription == "RabbitMQ" {
                    sent.properties.userID = RabbitMQEnvironment.configuration?.user
                }
                let isSame = sent == pair.1
                #expect(isSame, "message \(index)")
            }
            await consumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: Subject.all)
    func `a body of ten megabytes arrives whole`(subject: Subject) async throws {
        try await subject.withQueue { queue in
            var random = SeededGenerator(seed: 3)
            let body = (0..<1_310_720).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
            let publisher = try await subject.broker.publisher(named: "test")
            let big = OutgoingMessage(exchange: "", routingKey: queue, message: Message(body: body))
            #expect(
                await publisher.publish([big, OutgoingMessage(to: queue, "small")]).allSatisfy {
                    $0.isConfirmed
                }
            )
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 10)]
            )
            let log = EventLog(consumer, settling: .acknowledge)
            let deliveries = try await log.first(2)
            #expect(deliveries[0].message.body == body)
            #expect(deliveries[1].message.body == Array("small".utf8))
            await consumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: Subject.all)
    func `a message that no queue is bound for is returned, and only that one`(subject: Subject)
        async throws
    {
        try await subject.withQueue { queue in
            let publisher = try await subject.broker.publisher(named: "test")
            let messages = (0..<200).map { index in
                OutgoingMessage(
                    to: index % 3 == 1 ? "conformance.nowhere" : queue,
                    "\(index)",
                    id: "id-\(index)"
                )
            }
            let results = await publisher.publish(messages)
            for (index, result) in results.enumerated() {
                if case .unroutable = result {
                    #expect(index % 3 == 1)
                } else {
                    #expect(index % 3 != 1)
                    #expect(result == .confirmed)
                }
            }
            await publisher.close()
        }
    }

    @Test(arguments: Subject.all)
    func `two who close a consumer at the same time both return`(subject: Subject) async throws {
        try await subject.withQueue { queue in
            let publisher = try await subject.broker.publisher(named: "test")
            #expect(await publisher.publish([OutgoingMessage(to: queue, "x")]) == [.confirmed])
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 10)]
            )
            for await event in consumer.events {
                if case .deliveries = event { break }
            }
            async let first: Void = consumer.close()
            async let second: Void = consumer.close()
            _ = await (first, second)
            await publisher.close()
        }
    }

    @Test(arguments: Subject.all)
    func `a full queue refuses`(subject: Subject) async throws {
        try await subject.withQueue(["x-max-length": 5, "x-overflow": "reject-publish"]) { queue in
            let publisher = try await subject.broker.publisher(named: "test")
            // The broker applies the limit a little late, so that a few more may get in.
            try await eventually {
                let result = await publisher.publish([OutgoingMessage(to: queue, "x")])
                if case .refused = result[0] { return true }
                return false
            }
            await publisher.close()
        }
    }

    @Test(arguments: Subject.all)
    func `many callers share one publisher, and each gets its own answers`(subject: Subject)
        async throws
    {
        try await subject.withQueue { queue in
            let publisher = try await subject.broker.publisher(named: "test")
            await withTaskGroup(of: Bool.self) { group in
                for caller in 0..<50 {
                    group.addTask {
                        let target = caller % 10 == 0 ? "conformance.nowhere" : queue
                        let messages = (0..<100).map {
                            OutgoingMessage(to: target, "\($0)", id: "\(caller)-\($0)")
                        }
                        let results = await publisher.publish(messages)
                        return results.count == 100
                            && results.allSatisfy { $0.isConfirmed == (caller % 10 != 0) }
                    }
                }
                for await isRight in group { #expect(isRight) }
            }
            try await eventually { try await subject.broker.depth(of: queue)?.ready == 4_500 }
            await publisher.close()
        }
    }

    @Test(arguments: Subject.all)
    func `a message given back too often goes to the dead-letter queue`(subject: Subject) async throws {
        try await subject.withQueue { dead in
            let arguments: HeaderTable = [
                "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .string(dead),
                "x-delivery-limit": 2,
            ]
            try await subject.withQueue(arguments) { queue in
                let publisher = try await subject.broker.publisher(named: "test")
                _ = await publisher.publish([OutgoingMessage(to: queue, "poison")])
                let consumer = try await subject.broker.consumer(
                    named: "test",
                    of: [Subscription(queue: queue, prefetch: 1)]
                )
                let log = EventLog(consumer, settling: .requeue)
                _ = try await log.first(3)
                try await eventually { try await subject.broker.depth(of: dead)?.ready == 1 }
                #expect(await log.deliveries.count == 3)
                await consumer.close()
                await publisher.close()
            }
        }
    }

    @Test(arguments: Subject.all)
    func `a closed publisher answers, and a queue that is not there has no depth`(subject: Subject)
        async throws
    {
        let publisher = try await subject.broker.publisher(named: "test")
        #expect(publisher.condition == .connected)
        await publisher.close()
        await publisher.close()
        let result = await publisher.publish([OutgoingMessage(to: "conformance.nowhere", "x")])
        #expect(result == [.unconfirmed(reason: "the publisher is closed")])
        #expect(try await subject.broker.depth(of: "conformance.nowhere") == nil)
    }
}
