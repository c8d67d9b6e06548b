import FlotillaManagement
import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestBroker.isAvailable))
struct TopologyOnBrokerTests {
    @Test func `what is applied is there, and applying again changes nothing`() async throws {
        try await TestBroker.with { broker in
            let topology = broker.topology([broker.queue("a", key: "a"), broker.queue("b", kind: .classic)])
            let deployment = broker.deployment(of: topology)
            #expect(try await deployment.diff().differences.allSatisfy { $0.kind == .missing })
            let first = try await deployment.apply()
            #expect(first.remaining.isEmpty)
            let plan = try await deployment.plan()
            #expect(first.created.count == plan.exchanges.count + plan.queues.count)
            #expect(try await deployment.diff().isEmpty)
            #expect(try await deployment.apply().created.isEmpty)
        }
    }

    @Test func `without the management API a queue with other arguments is told in the broker's words`() async throws {
        try await TestBroker.with { broker in
            let queue = broker.queue("a", key: "a")
            let topology = broker.topology([queue])
            let arguments = HeaderTable([.init(name: "x-queue-type", value: "classic")])
            try await broker.admin.declareQueue(queue.name, arguments: arguments)
            let outcome = try await broker.deployment(of: topology).apply()
            #expect(outcome.remaining.differences.count == 1)
            let left = try #require(outcome.remaining.differences.first)
            #expect(left.kind == .changed && left.name == queue.name)
            #expect(left.detail.contains("inequivalent arg"), "\(left.detail)")
        }
    }

    @Test func `a delayed message comes to its queue, not early and not much late`() async throws {
        try await TestBroker.with { broker in
            let queues = [broker.queue("a"), broker.queue("b")]
            let topology = broker.topology(queues, levels: 5)
            try await broker.deploy(topology)
            let publisher = try await RabbitMQBroker(broker.configuration).publisher(named: "test")
            let start = ContinuousClock.now
            let delays = [0, 50, 150, 350, 500, 1_000].map { Duration.milliseconds($0) }
            let results = await publisher.publish(
                delays.map { delay in
                    OutgoingMessage(
                        exchange: topology.delay.entryExchange,
                        routingKey: topology.delay.routingKey(for: delay, to: queues[0].name),
                        message: Message(body: Array("\(delay.milliseconds)".utf8))
                    )
                }
            )
            #expect(results.filter { !$0.isConfirmed }.isEmpty)
            var waits: [Int64: Duration] = [:]
            try await eventually("all of them come") {
                while let (message, _, _) = try await broker.admin.get(queues[0].name) {
                    waits[Int64(String(decoding: message.body, as: UTF8.self)) ?? -1] = ContinuousClock.now - start
                }
                return waits.count == delays.count
            }
            for delay in delays {
                let waited = try #require(waits[delay.milliseconds])
                #expect(waited >= delay, "\(delay) took \(waited)")
            }
            #expect(try await broker.admin.queueDepth(queues[1].name)?.ready == 0)
            await publisher.close()
        }
    }

    @Test func `a message that the queue gives up on comes into its dead-letter queue`() async throws {
        try await TestBroker.with { broker in
            var queue = broker.queue("a", key: "a")
            queue.crashLimit = 1
            try await broker.deploy(broker.topology([queue]))
            let fleet = RabbitMQBroker(broker.configuration)
            let publisher = try await fleet.publisher(named: "test")
            let message = OutgoingMessage(
                exchange: "\(broker.name).topic",
                routingKey: "a",
                message: Message(body: [1])
            )
            #expect(await publisher.publish([message]) == [.confirmed])
            let consumer = try await fleet.consumer(named: "test", of: [.init(queue: queue.name, prefetch: 1)])
            let returning = Task {
                for await event in consumer.events {
                    guard case .deliveries(let deliveries) = event else { continue }
                    consumer.settle(deliveries.map(\.token), as: .requeue)
                }
            }
            try await eventually("the dead letter comes") {
                try await broker.admin.queueDepth(queue.deadLetterQueue)?.ready == 1
            }
            await consumer.close()
            await returning.value
            let dead = try #require(try await broker.admin.get(queue.deadLetterQueue))
            #expect(dead.message.body == [1])
            #expect(dead.message.headers["x-first-death-reason"]?.text == "delivery_limit")
            await publisher.close()
        }
    }
}

@Suite(.enabled(if: TestBroker.hasManagement))
struct TopologyByManagementTests {
    @Test func `the fleet's own file deploys, and then nothing differs`() async throws {
        try await TestBroker.with { broker in
            let path = Repository.file("queues.yaml").path
            let text = try String(contentsOfFile: path, encoding: .utf8)
            // The same file under names that belong to this test alone.
            var renamed = text.replacing("namespace: fleet", with: "namespace: \(broker.name)")
                .replacing("name: fleet.", with: "name: \(broker.name).")
            let services = Set(try TopologyFile.decode(text).queues.map { $0.name.prefix { $0 != "." } })
            for service in services {
                renamed = renamed.replacing("\n  \(service).", with: "\n  \(broker.name)\(service).")
            }
            let file = try TopologyFile.decode(renamed)
            var topology = broker.topology(file.queues)
            topology.delay.levels = 24
            // Its publishers are the user of another namespace.
            topology.otherExchanges = file.otherExchanges
            _ = broker.topology(file.queues, levels: 24)
            let deployment = broker.deployment(of: topology, seesManagement: true)
            let outcome = try await deployment.apply()
            let plan = try await deployment.plan()
            #expect(outcome.created.count == plan.exchanges.count + plan.queues.count + plan.bindings.count)
            #expect(try await deployment.diff().isEmpty)
            for exchange in file.otherExchanges { try await broker.admin.deleteExchange(exchange.name) }
        }
    }

    @Test func `missing, extra and changed objects are all told, and only the missing are made`() async throws {
        try await TestBroker.with { broker in
            let (kept, changed) = (broker.queue("kept", key: "kept"), broker.queue("changed"))
            let topology = broker.topology([kept, changed])
            try await broker.deploy(broker.topology([kept, broker.queue("old", key: "old")]))
            try await broker.admin.declareQueue(
                changed.name,
                arguments: HeaderTable([.init(name: "x-message-ttl", value: .int32(60_000))])
            )
            let topic = "\(broker.name).topic"
            try await broker.admin.unbindQueue(kept.name, from: topic, routingKey: "kept")
            try await broker.admin.bindQueue(kept.name, to: topic, routingKey: "stray")
            let deployment = broker.deployment(of: topology, seesManagement: true)
            let diff = try await deployment.diff()
            #expect(diff.contains(.missing, .binding, "\(topic) → \(kept.name) (kept)"))
            #expect(diff.contains(.extra, .binding, "\(topic) → \(kept.name) (stray)"))
            #expect(diff.contains(.extra, .queue, "\(broker.name)s.old"))
            #expect(diff.contains(.extra, .queue, "dlq.\(broker.name)s.old"))
            let change = try #require(diff.differences.first { $0.kind == .changed })
            #expect(change.name == changed.name)
            #expect(change.detail.contains("x-message-ttl is 60000, wanted not set"))
            let outcome = try await deployment.apply()
            #expect(outcome.created.contains { $0.name == "\(topic) → \(kept.name) (kept)" })
            #expect(!outcome.remaining.differences.contains { $0.kind == .missing })
            #expect(outcome.remaining.contains(.extra, .queue, "\(broker.name)s.old"))
            #expect(try await broker.admin.queueDepth("\(broker.name)s.old") != nil)
        }
    }

    @Test func `a policy that cuts the life of our messages is drift`() async throws {
        try await TestBroker.with { broker in
            let queue = broker.queue("a", key: "a")
            let topology = broker.topology([queue])
            try await broker.deploy(topology)
            let deployment = broker.deployment(of: topology, seesManagement: true)
            for kind in ["policies", "operator-policies"] {
                try await broker.setPolicy(
                    kind,
                    #"{"pattern":"^\#(queue.name)$","definition":{"message-ttl":1000}}"#
                )
                let policies = try await deployment.diff().differences.filter { $0.kind == .policy }
                try await broker.setPolicy(kind, nil)
                #expect(policies.map(\.name) == [queue.name])
                #expect(policies.allSatisfy { $0.detail.hasSuffix("'\(broker.name)' sets message-ttl 1000") })
            }
            #expect(try await deployment.diff().isEmpty)
        }
    }

    @Test func `what the management API refuses is told in words`() async throws {
        let url = try #require(ProcessInfo.processInfo.environment["RABBITMQ_MANAGEMENT_URL"])
        let management = try ManagementAPI(url: url, virtualHost: "no such host")
        let error = await #expect(throws: ManagementError.self) { try await management.state() }
        // 400 or 404, by the broker's version.
        #expect(error.map { $0.detail.contains("vhost") || $0.detail.contains("virtual host") } == true)
        let nobody = try ManagementAPI(url: "http://127.0.0.1:1", virtualHost: "/")
        let unreachable = await #expect(throws: ManagementError.self) { try await nobody.state() }
        #expect(unreachable?.isRetriable == true)
        await management.close()
        await nobody.close()
    }
}
