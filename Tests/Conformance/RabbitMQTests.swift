import FlotillaMessaging
import FlotillaModels
import Foundation
import Testing

/// What only a real broker can show.
@Suite(.enabled(if: RabbitMQEnvironment.configuration != nil))
struct RabbitMQTests {
    private let configuration: RabbitMQConfiguration
    private let subject: Subject

    init() throws {
        configuration = try #require(RabbitMQEnvironment.configuration)
        subject = .rabbitMQ(configuration)
    }

    @Test func `headers nested absurdly deep are delivered unread, and hurt nobody`() async throws {
        try await subject.withQueue { queue in
            let hostile = try RawPublisher(configuration)
            var deep: [UInt8] = []
            // An array in an array in an array, 20,000 times.
            for level in 0..<20_000 {
                let size = 5 * level
                deep +=
                    [0x41] + (0..<4).map { UInt8(truncatingIfNeeded: (5 * 19_999 - size) >> (24 - 8 * $0)) }
            }
            hostile.publish(to: queue, headers: [1, 0x61] + deep, body: Array("hostile".utf8))
            hostile.close()
            let publisher = try await subject.broker.publisher(named: "test")
            _ = await publisher.publish([OutgoingMessage(to: queue, "good")])
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 5)]
            )
            let log = EventLog(consumer, settling: .acknowledge)
            let deliveries = try await log.first(2)
            #expect(await log.bodies == ["hostile", "good"])
            guard case .bytes(let raw) = deliveries[0].message.headers["unread-headers"] else {
                Issue.record("no unread-headers")
                return
            }
            #expect(raw.count > 100_000)
            #expect(await log.epochs == [1])
            await consumer.close()
            await publisher.close()
        }
    }

    @Test func `a foreign death record and doubled header names go through unchanged`() async throws {
        try await subject.withQueue { queue in
            var message = Message(body: Array("x".utf8))
            message.headers = HeaderTable([
                .init(name: "x-death", value: "not a list"), .init(name: "twice", value: 1),
                .init(name: "twice", value: 2), .init(name: "", value: .void),
            ])
            let publisher = try await subject.broker.publisher(named: "test")
            _ = await publisher.publish([
                OutgoingMessage(exchange: "", routingKey: queue, message: message)
            ])
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 1)]
            )
            let log = EventLog(consumer, settling: .acknowledge)
            #expect(try await log.first(1)[0].message.headers == message.headers)
            await consumer.close()
            await publisher.close()
        }
    }

    @Test func `a publish to an exchange that is not there fails alone, once it is known`()
        async throws
    {
        try await subject.withQueue { queue in
            let publisher = try await subject.broker.publisher(named: "test")
            let wrong = OutgoingMessage(
                exchange: "conformance.missing",
                routingKey: "k",
                message: Message()
            )
            let first = await publisher.publish([wrong])
            guard case .unconfirmed(let reason) = first[0] else {
                Issue.record("\(first)")
                return
            }
            #expect(reason.contains("NOT_FOUND"))
            let second = await publisher.publish([wrong, OutgoingMessage(to: queue, "good")])
            guard case .unroutable(404, _) = second[0] else {
                Issue.record("\(second)")
                return
            }
            #expect(second[1] == .confirmed)
            await publisher.close()
        }
    }

    @Test func `what AMQP can't carry is refused without harm to others`() async throws {
        try await subject.withQueue { queue in
            let publisher = try await subject.broker.publisher(named: "test")
            var foreign = OutgoingMessage(to: queue, "x")
            foreign.message.properties.userID = "somebody-else"
            var wide = OutgoingMessage(to: queue, "x")
            wide.message.headers["h"] = .bytes(Array(repeating: 1, count: 140_000))
            let results = await publisher.publish([foreign, OutgoingMessage(to: queue, "good"), wide])
            guard case .uncarriable = results[0], case .uncarriable = results[2] else {
                Issue.record("\(results)")
                return
            }
            #expect(results[1] == .confirmed)
            await publisher.close()
        }
    }

    @Test func `topology is declared, compared and removed over one connection`() async throws {
        let name = "conformance.\(UUID().uuidString.lowercased())"
        try await configuration.administer { admin in
            #expect(await admin.serverVersion.split(separator: ".").count >= 2)
            #expect(try await !admin.exchangeExists(name))
            try await admin.declareExchange(name, type: "topic")
            try await admin.declareExchange(name + ".inner", type: "fanout", internal: true)
            #expect(try await admin.exchangeExists(name))
            try await admin.declareQueue(
                name,
                arguments: ["x-queue-type": "classic", "x-message-ttl": 60_000]
            )
            try await admin.bindExchange(name + ".inner", to: name, routingKey: "a.#")
            try await admin.bindQueue(name, to: name + ".inner", routingKey: "")
            let publisher = try await subject.broker.publisher(named: "test")
            let message = OutgoingMessage(
                exchange: name,
                routingKey: "a.b",
                message: Message(body: [1, 2, 3])
            )
            #expect(await publisher.publish([message, message]) == [.confirmed, .confirmed])
            #expect(try await admin.queueDepth(name) == QueueDepth(ready: 2, consumers: 0))
            let got = try await admin.get(name)
            #expect(got?.message.body == [1, 2, 3])
            #expect(got?.exchange == name)
            #expect(got?.routingKey == "a.b")
            #expect(try await admin.purgeQueue(name) == 1)
            #expect(try await admin.get(name) == nil)

            let error = await #expect(throws: AMQPError.self) {
                try await admin.declareQueue(
                    name,
                    arguments: ["x-queue-type": "classic", "x-message-ttl": 1]
                )
            }
            #expect(error?.code == .broker(replyCode: 406))
            #expect(error?.detail.contains("x-message-ttl") == true)
            #expect(try await admin.queueDepth(name + ".none") == nil)

            try await admin.unbindQueue(name, from: name + ".inner", routingKey: "")
            #expect(await publisher.publish([message])[0].isConfirmed == false)
            try await admin.unbindExchange(name + ".inner", from: name, routingKey: "a.#")
            try await admin.deleteQueue(name)
            try await admin.deleteQueue(name)
            try await admin.deleteExchange(name + ".inner")
            try await admin.deleteExchange(name)
            await publisher.close()
        }
    }

    @Test func `wrong credentials and a refused address are told apart`() async throws {
        var wrong = configuration
        wrong.user = "nobody"
        let refused = await #expect(throws: AMQPError.self) { try await RabbitMQAdmin.open(wrong) }
        #expect(refused?.code == .broker(replyCode: 403))
        #expect(refused?.isRetriable == false)
        await #expect(throws: AMQPError.self) {
            try await RabbitMQBroker(wrong).publisher(named: "test")
        }
        var nowhere = configuration
        nowhere.port = 1
        let unreachable = await #expect(throws: AMQPError.self) {
            try await RabbitMQAdmin.open(nowhere)
        }
        #expect(unreachable?.isRetriable == true)
        #expect(unreachable?.description.contains("\(nowhere.host):1") == true, "\(unreachable?.description ?? "")")
    }

    @Test func `without a broker a publish is answered within the publisher's timeout`() async throws {
        var nowhere = configuration
        nowhere.port = 1
        nowhere.publishTimeout = .milliseconds(300)
        let publisher = try await RabbitMQBroker(nowhere).publisher(named: "test")
        let results = await publisher.publish([OutgoingMessage(to: "q", "x")])
        guard case .unconfirmed = results[0], case .disconnected = publisher.condition else {
            Issue.record("\(results)")
            return
        }
        await publisher.close()
    }
}
