import FlotillaMessaging
import FlotillaModels
import Foundation
import Testing

/// What every broker's consumer does.
extension BrokerConformance {
    @Test(arguments: Subject.all)
    func `no more than the prefetch is out at a time, and settling makes room`(subject: Subject)
        async throws
    {
        try await subject.withQueue { queue in
            let publisher = try await subject.broker.publisher(named: "test")
            _ = await publisher.publish((0..<30).map { OutgoingMessage(to: queue, "\($0)") })
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 10)]
            )
            let log = EventLog(consumer)
            let first = try await log.first(10)
            await consumer.flush()
            #expect(await log.deliveries.count == 10)
            // Out of order, and with a gap that stays: what is above the gap must not wait for it for long.
            for delivery in first.dropFirst().reversed() {
                consumer.settle(delivery.token, as: .acknowledge)
            }
            _ = try await log.first(19)
            await consumer.flush()
            #expect(await log.deliveries.count == 19)
            await consumer.close()
            try await eventually { try await subject.broker.depth(of: queue)?.ready == 21 }
            await publisher.close()
        }
    }

    @Test(arguments: Subject.all)
    func `a requeued message comes again, marked as redelivered`(subject: Subject) async throws {
        try await subject.withQueue { queue in
            let publisher = try await subject.broker.publisher(named: "test")
            _ = await publisher.publish([OutgoingMessage(to: queue, "again")])
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 1)]
            )
            let log = EventLog(consumer)
            let first = try await log.first(1)
            #expect(!first[0].isRedelivered)
            consumer.settle(first[0].token, as: .requeue)
            let second = try await log.first(2)[1]
            #expect(second.isRedelivered)
            #expect(second.message.body == first[0].message.body)
            consumer.settle(second.token, as: .acknowledge)
            await consumer.close()
            #expect(try await subject.broker.depth(of: queue)?.ready == 0)
            await publisher.close()
        }
    }

    @Test(arguments: Subject.all)
    func `settling twice, or what was never delivered, does no harm`(subject: Subject) async throws {
        try await subject.withQueue { queue in
            let publisher = try await subject.broker.publisher(named: "test")
            _ = await publisher.publish((0..<3).map { OutgoingMessage(to: queue, "\($0)") })
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 2)]
            )
            let log = EventLog(consumer)
            let token = try await log.first(2)[0].token
            consumer.settle([token, token], as: .acknowledge)
            consumer.settle(token, as: .requeue)
            consumer.settle(DeliveryToken(epoch: token.epoch, tag: 999), as: .acknowledge)
            consumer.settle(DeliveryToken(epoch: token.epoch + 7, tag: 2), as: .acknowledge)
            _ = try await log.first(3)
            await consumer.flush()
            #expect(await log.deliveries.count == 3)
            let losses = await log.disconnections
            #expect(losses == [])
            await consumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: Subject.all)
    func `what was acknowledged right before closing never comes again`(subject: Subject) async throws {
        // RabbitMQ forgot the acknowledgements in about one of three closes.
        for _ in 0..<8 {
            try await subject.withQueue { queue in
                let publisher = try await subject.broker.publisher(named: "test")
                _ = await publisher.publish((0..<600).map { OutgoingMessage(to: queue, "\($0)") })
                let subscription = Subscription(queue: queue, prefetch: 400)
                let consumer = try await subject.broker.consumer(named: "test", of: [subscription])
                let out = try await EventLog(consumer).first(400)
                await consumer.stopDeliveries()
                // Above a gap each goes back by itself: more than the broker passes on to the queue at once.
                consumer.settle(out.dropFirst(200).map(\.token), as: .requeue)
                await consumer.flush()
                consumer.settle(out.prefix(200).map(\.token), as: .acknowledge)
                await consumer.close()
                try await eventually { try await subject.broker.depth(of: queue)?.consumers == 0 }
                try await eventually { try await subject.broker.depth(of: queue)?.ready == 400 }
                await publisher.close()
            }
        }
    }

    @Test(arguments: Subject.all)
    func `a paused queue delivers nothing until it is resumed, while others go on`(subject: Subject)
        async throws
    {
        try await subject.withQueue { paused in
            try await subject.withQueue { other in
                let publisher = try await subject.broker.publisher(named: "test")
                let consumer = try await subject.broker.consumer(
                    named: "test",
                    of: [Subscription(queue: paused, prefetch: 5), Subscription(queue: other, prefetch: 5)]
                )
                let log = EventLog(consumer, settling: .acknowledge)
                _ = await publisher.publish([OutgoingMessage(to: paused, "before")])
                _ = try await log.first(1)
                await consumer.pause(paused)
                _ = await publisher.publish([
                    OutgoingMessage(to: paused, "held"), OutgoingMessage(to: other, "other"),
                ])
                _ = try await log.first(2)
                await consumer.flush()
                #expect(await log.bodies == ["before", "other"])
                await consumer.resume(paused)
                _ = try await log.first(3)
                #expect(await log.bodies == ["before", "other", "held"])
                await consumer.close()
                await publisher.close()
            }
        }
    }

    @Test(arguments: Subject.all)
    func `after deliveries are stopped, what is out can still be settled`(subject: Subject)
        async throws
    {
        try await subject.withQueue { queue in
            let publisher = try await subject.broker.publisher(named: "test")
            _ = await publisher.publish((0..<10).map { OutgoingMessage(to: queue, "\($0)") })
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 4)]
            )
            let log = EventLog(consumer)
            let out = try await log.first(4)
            await consumer.stopDeliveries()
            consumer.settle(out.prefix(3).map(\.token), as: .acknowledge)
            await consumer.flush()
            #expect(await log.deliveries.count == 4)
            await consumer.close()
            try await eventually {
                try await subject.broker.depth(of: queue) == QueueDepth(ready: 7, consumers: 0)
            }
            try await eventually { await log.isFinished }
            await publisher.close()
        }
    }

    // Classic: a consumer that meets a quorum queue of RabbitMQ 3.10 before its processes run loses its connection.
    @Test(arguments: Subject.all)
    func `a queue that is deleted and made again is consumed again, and others never stop`(
        subject: Subject
    ) async throws {
        try await subject.withQueue { steady in
            try await subject.withQueue(["x-queue-type": "classic"]) { doomed in
                let publisher = try await subject.broker.publisher(named: "test")
                let consumer = try await subject.broker.consumer(
                    named: "test",
                    of: [Subscription(queue: doomed, prefetch: 5), Subscription(queue: steady, prefetch: 5)]
                )
                let log = EventLog(consumer, settling: .acknowledge)
                _ = await publisher.publish([OutgoingMessage(to: doomed, "1")])
                _ = try await log.first(1)
                try await subject.deleteQueue(doomed)
                try await eventually { await log.cancelledQueues == [doomed] }
                _ = await publisher.publish([OutgoingMessage(to: steady, "2")])
                _ = try await log.first(2)
                try await subject.declareQueue(doomed, ["x-queue-type": "classic"])
                #expect(await publisher.publish([OutgoingMessage(to: doomed, "3")]) == [.confirmed])
                _ = try await log.first(3)
                #expect(await log.bodies == ["1", "2", "3"])
                let losses = await log.disconnections
                #expect(losses == [])
                await consumer.close()
                await publisher.close()
            }
        }
    }

    @Test(arguments: Subject.all)
    func `a queue that is not there yet is reported, and consumed once it is made`(subject: Subject)
        async throws
    {
        try await subject.withQueue { present in
            let later = present + ".later"
            let publisher = try await subject.broker.publisher(named: "test")
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: later, prefetch: 5), Subscription(queue: present, prefetch: 5)]
            )
            let log = EventLog(consumer, settling: .acknowledge)
            _ = await publisher.publish([OutgoingMessage(to: present, "present")])
            _ = try await log.first(1)
            #expect(await log.cancelledQueues == [later])
            try await subject.declareQueue(later, ["x-queue-type": "classic"])
            _ = await publisher.publish([OutgoingMessage(to: later, "later")])
            _ = try await log.first(2)
            let losses = await log.disconnections
            #expect(losses == [])
            await consumer.close()
            try await subject.deleteQueue(later)
            await publisher.close()
        }
    }
}
