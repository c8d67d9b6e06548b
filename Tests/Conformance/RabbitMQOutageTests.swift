import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import Foundation
import Testing

/// Connections that are cut, frozen or blocked, through a proxy that belongs to the test.
@Suite(.enabled(if: RabbitMQEnvironment.configuration != nil))
struct RabbitMQConnectionTests {
    private let configuration: RabbitMQConfiguration
    private let subject: Subject

    init() throws {
        configuration = try #require(RabbitMQEnvironment.configuration)
        subject = .rabbitMQ(configuration)
    }

    private func proxied() throws -> (TCPProxy, RabbitMQConfiguration) {
        let proxy = try TCPProxy(to: .port(configuration.port))
        var through = configuration
        through.host = "127.0.0.1"
        through.port = proxy.port
        through.heartbeat = .seconds(1)
        return (proxy, through)
    }

    @Test func `a cut connection comes back, and settles of the old one are ignored`() async throws {
        try await subject.withQueue { queue in
            let (proxy, through) = try proxied()
            let publisher = try await subject.broker.publisher(named: "test")
            _ = await publisher.publish((0..<5).map { OutgoingMessage(to: queue, "\($0)") })
            let consumer = try await RabbitMQBroker(through).consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 5)]
            )
            let log = EventLog(consumer)
            let old = try await log.first(5).map(\.token)
            proxy.cut()
            let all = try await log.first(10)
            #expect(await log.epochs == [1, 2])
            #expect(await log.disconnections.count == 1)
            #expect(all[5...].allSatisfy { $0.isRedelivered && $0.token.epoch == 2 })
            consumer.settle(old, as: .acknowledge)
            await consumer.flush()
            await consumer.close()
            try await eventually { try await subject.broker.depth(of: queue)?.ready == 5 }
            await publisher.close()
            proxy.close()
        }
    }

    @Test
    func
        `every publish is answered while connections are cut under it, and no confirmed one is missing`()
        async throws
    {
        try await subject.withQueue { queue in
            let (proxy, through) = try proxied()
            let publisher = try await RabbitMQBroker(through).publisher(named: "test")
            var confirmed: Set<String> = []
            for round in 0..<10 {
                async let batches = withTaskGroup(of: [(String, PublishResult)].self) { group in
                    for caller in 0..<4 {
                        group.addTask {
                            let ids = (0..<500).map { "\(round)-\(caller)-\($0)" }
                            return Array(
                                zip(
                                    ids,
                                    await publisher.publish(ids.map { OutgoingMessage(to: queue, $0, id: $0) })
                                )
                            )
                        }
                    }
                    return await group.reduce(into: []) { $0 += $1 }
                }
                let before = proxy.forwarded
                try await eventually { proxy.forwarded > before + 20_000 * (1 + round % 5) }
                proxy.cut()
                let results = await batches
                #expect(results.count == 2_000)
                confirmed.formUnion(results.filter(\.1.isConfirmed).map(\.0))
            }
            let consumer = try await subject.broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 5_000)]
            )
            let log = EventLog(consumer, settling: .acknowledge)
            try await eventually { [confirmed] in await confirmed.isSubset(of: log.bodies) }
            #expect(!confirmed.isEmpty)
            await consumer.close()
            await publisher.close()
            proxy.close()
        }
    }

    @Test func `a black hole is noticed within two heartbeats, idle or publishing`() async throws {
        try await subject.withQueue { queue in
            let (proxy, through) = try proxied()
            var shortTimeout = through
            shortTimeout.publishTimeout = .seconds(1)
            shortTimeout.connectTimeout = .seconds(1)
            let broker = RabbitMQBroker(shortTimeout)
            let publisher = try await broker.publisher(named: "test")
            let consumer = try await broker.consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 5)]
            )
            let log = EventLog(consumer, settling: .acknowledge)
            try await eventually { await log.epochs == [1] }
            #expect(await publisher.publish([OutgoingMessage(to: queue, "before")]) == [.confirmed])
            _ = try await log.first(1)
            proxy.freeze()
            let frozenAt = ContinuousClock.now
            let big = OutgoingMessage(
                exchange: "",
                routingKey: queue,
                message: Message(body: Array(repeating: 7, count: 20_000_000))
            )
            async let answer = publisher.publish([big, big])
            try await eventually { await log.disconnections.count == 1 }
            // Two heartbeats of a second each, and as much again for a busy machine.
            #expect(ContinuousClock.now - frozenAt < .seconds(4))
            let results = await answer
            #expect(ContinuousClock.now - frozenAt < .seconds(8))
            #expect(results.allSatisfy { !$0.isConfirmed })
            proxy.thaw()
            try await eventually { await log.epochs.last ?? 0 >= 2 }
            try await eventually {
                await publisher.publish([OutgoingMessage(to: queue, "after")])[0].isConfirmed
            }
            try await eventually { await log.bodies.contains("after") }
            await consumer.close()
            await publisher.close()
            proxy.close()
        }
    }

    @Test func `an idle connection is kept up by heartbeats of its own`() async throws {
        try await subject.withQueue { queue in
            let (proxy, through) = try proxied()
            let consumer = try await RabbitMQBroker(through).consumer(
                named: "test",
                of: [Subscription(queue: queue, prefetch: 5)]
            )
            let log = EventLog(consumer)
            try await eventually { await log.epochs == [1] }
            // Both sides send eight bytes every half second; after the time for this many, a silent side is given up.
            let before = proxy.forwarded
            try await eventually { proxy.forwarded >= before + 160 }
            #expect(await log.epochs == [1])
            let losses = await log.disconnections
            #expect(losses == [])
            #expect(proxy.accepted == 1)
            await consumer.close()
            proxy.close()
        }
    }

    @Test func `a blocked publisher waits, tells, and goes on when unblocked`() async throws {
        try await subject.withQueue { queue in
            let (proxy, through) = try proxied()
            let publisher = try await RabbitMQBroker(through).publisher(named: "test")
            // connection.blocked with the reason "low", and connection.unblocked.
            proxy.inject([1, 0, 0, 0, 0, 0, 8, 0, 10, 0, 60, 3, 0x6c, 0x6f, 0x77, 0xce])
            try await eventually { publisher.condition == .blocked(reason: "low") }
            async let answer = publisher.publish([OutgoingMessage(to: queue, "held")])
            #expect(try await subject.broker.depth(of: queue)?.ready == 0)
            proxy.inject([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 61, 0xce])
            #expect(await answer == [.confirmed])
            #expect(publisher.condition == .connected)
            await publisher.close()
            proxy.close()
        }
    }
}

/// A broker that is restarted, killed and starved: one of the test's own.
@Suite(.serialized, .enabled(if: RabbitMQEnvironment.command != nil))
struct RabbitMQOutageTests {
    @Test func `a restart, a kill and a memory alarm lose nothing that was confirmed`() async throws {
        try await PrivateBroker.with { server in
            let subject = Subject.rabbitMQ(server.configuration)
            try await subject.withQueue { queue in
                let publisher = try await subject.broker.publisher(named: "test")
                let consumer = try await subject.broker.consumer(
                    named: "test",
                    of: [Subscription(queue: queue, prefetch: 500)]
                )
                let log = EventLog(consumer, settling: .acknowledge)
                let ledger = PublishLedger(publisher, queue)
                await ledger.start()

                try await ledger.grow()
                try await server.restart()
                try await eventually { await log.epochs.count == 2 }
                try await ledger.grow()
                try await server.kill()
                try await server.start()
                try await eventually { await log.epochs.count == 3 }
                try await ledger.grow()

                try await server.setMemoryLimit("0.000001")
                try await eventually {
                    if case .blocked = publisher.condition { true } else { false }
                }
                // Deliveries go on while publishes wait.
                try await eventually { try await subject.broker.depth(of: queue)?.ready == 0 }
                try await server.setMemoryLimit("0.4")
                try await ledger.grow()

                let confirmed = await ledger.stop()
                try await eventually { await confirmed.isSubset(of: log.bodies) }
                await consumer.close()
                await publisher.close()
            }
        }
    }
}

/// Publishes all the time, and keeps account of what was confirmed.
actor PublishLedger {
    private let publisher: any MessagePublisher
    private let queue: String
    private var confirmed: Set<String> = []
    private var isStopped = false
    private var loop: Task<Void, Never>?

    init(_ publisher: any MessagePublisher, _ queue: String) {
        self.publisher = publisher
        self.queue = queue
    }

    func start() { loop = Task { await publish() } }

    private func publish() async {
        var round = 0
        while !isStopped {
            round += 1
            let ids = (0..<50).map { "\(round)-\($0)" }
            let results = await publisher.publish(ids.map { OutgoingMessage(to: queue, $0, id: $0) })
            for (id, result) in zip(ids, results) where result.isConfirmed { confirmed.insert(id) }
        }
    }

    /// Returns once a good many more messages have been confirmed.
    func grow() async throws {
        let goal = confirmed.count + 2_000
        try await eventually(within: .seconds(60)) { await self.confirmed.count >= goal }
    }

    /// Stops, and returns what was confirmed.
    func stop() async -> Set<String> {
        isStopped = true
        await loop?.value
        return confirmed
    }
}
