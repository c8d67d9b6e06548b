import FlotillaManagement
import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestBroker.hasManagement))
struct TopologyPruneOnBrokerTests {
    /// A deployed topology of which the file has dropped `old` and a key of `kept`.
    private static func with(
        _ body: (_ broker: TestBroker, _ deployment: TopologyDeployment, _ old: QueueDefinition) async throws -> Void
    ) async throws {
        try await TestBroker.with { broker in
            let (kept, old) = (broker.queue("kept", key: "kept"), broker.queue("old", key: "old"))
            try await broker.deploy(broker.topology([kept, old]))
            let topic = "\(broker.name).topic"
            try await broker.admin.bindQueue(kept.name, to: topic, routingKey: "stray")
            try await broker.admin.declareExchange("\(broker.name).gone", type: "topic")
            let deployment = broker.deployment(of: broker.topology([kept]), seesManagement: true)
            try await body(broker, deployment, old)
            try await broker.admin.deleteExchange("\(broker.name).gone")
        }
    }

    private static func prune(
        _ deployment: TopologyDeployment,
        forced: Bool = false,
        isDryRun: Bool = false
    ) async throws -> [TopologyDeployment.Pruned] {
        try await deployment.perform(try await deployment.prune(), forced: forced, isDryRun: isDryRun)
    }

    @Test func `what is extra goes, and then the broker is as the file says`() async throws {
        try await Self.with { broker, deployment, old in
            #expect(try await deployment.apply().remaining.differences.allSatisfy { $0.kind == .extra })
            let planned = try await Self.prune(deployment, isDryRun: true)
            #expect(try await broker.admin.queueDepth(old.name) != nil)
            let pruned = try await Self.prune(deployment)
            #expect(pruned == planned)
            #expect(pruned.allSatisfy { $0.kept == nil })
            let exit = DelayLadder(namespace: broker.name, unit: .milliseconds(50), levels: 3).exitQueue(of: old.name)
            let names = Set(pruned.map(\.name))
            #expect(names.isSuperset(of: [old.name, old.deadLetterQueue, exit, "\(broker.name).gone"]))
            #expect(names.contains { $0.hasSuffix("(stray)") })
            #expect(try await deployment.diff().isEmpty)
        }
    }

    @Test func `a queue with messages stays with its bindings, unless it is forced`() async throws {
        try await Self.with { broker, deployment, old in
            let publisher = try await RabbitMQBroker(broker.configuration).publisher(named: "test")
            let message = OutgoingMessage(
                exchange: "\(broker.name).topic",
                routingKey: "old",
                message: Message(body: [1])
            )
            #expect(await publisher.publish([message]) == [.confirmed])
            let pruned = try await Self.prune(deployment)
            #expect(pruned.first { $0.name == old.name }?.kept == "has 1 message")
            let exit = DelayLadder(namespace: broker.name, unit: .milliseconds(50), levels: 3).exitQueue(of: old.name)
            for companion in [old.deadLetterQueue, exit] {
                #expect(pruned.first { $0.name == companion }?.kept == "belongs to \(old.name)")
                #expect(try await broker.admin.queueDepth(companion) != nil)
            }
            #expect(await publisher.publish([message]) == [.confirmed])
            try await eventually("both are there") { try await broker.admin.queueDepth(old.name)?.ready == 2 }
            let gone = try await Self.prune(deployment, forced: true).first { $0.name == old.name }
            #expect(gone?.kept == nil && gone?.messages == 2)
            #expect(try await broker.admin.queueDepth(old.name) == nil)
            await publisher.close()
        }
    }

    @Test func `a ladder stays whole while messages wait in a level that goes`() async throws {
        try await TestBroker.with { broker in
            let queue = broker.queue("kept", key: "kept")
            let long = broker.topology([queue], levels: 16)
            try await broker.deploy(long)
            let message = OutgoingMessage(
                exchange: long.delay.entryExchange,
                routingKey: long.delay.routingKey(for: long.delay.longest, to: queue.name),
                message: Message(body: [1])
            )
            let fleet = RabbitMQBroker(broker.configuration)
            let publisher = try await fleet.publisher(named: "test")
            #expect(await publisher.publish([message]) == [.confirmed])
            let deployment = broker.deployment(of: broker.topology([queue], levels: 3), seesManagement: true)
            _ = try await deployment.apply()
            let before = try await deployment.prune()
            let planned = try await Self.prune(deployment, isDryRun: true)
            let pruned = try await Self.prune(deployment)
            #expect(pruned == planned)
            #expect(pruned.count > 26)
            let gone = pruned.filter { $0.kept == nil && $0.name.contains(".delay.") }
            #expect(gone.isEmpty, "\(gone)")
            #expect(pruned.first { $0.name == long.delay.name(of: 15) && $0.object == .queue }?.kept == "has 1 message")
            let reason = "its delay ladder still has 1 waiting"
            #expect(pruned.contains { $0.name == long.delay.name(of: 3) && $0.object == .queue && $0.kept == reason })
            #expect(pruned.contains { $0.object == .binding && $0.kept == reason })
            #expect(try await deployment.prune() == before)
            #expect(try await Self.prune(deployment, forced: true).allSatisfy { $0.kept == nil })
            #expect(try await deployment.diff().isEmpty)
            await publisher.close()
            await fleet.close()
        }
    }

    @Test func `a binding with arguments is told to stay`() async throws {
        try await Self.with { broker, deployment, _ in
            let arguments = HeaderTable([.init(name: "x-match", value: .string("all"))])
            let kept = "\(broker.name)s.kept"
            try await broker.admin.bindQueue(
                kept,
                to: "\(broker.name).topic",
                routingKey: "odd",
                arguments: arguments
            )
            let binding = try #require(try await Self.prune(deployment).first { $0.name.contains("(odd)") })
            #expect(binding.kept == "has arguments; remove it by hand")
            #expect(try await deployment.prune().bindings.map(\.key) == ["odd"])
        }
    }

    @Test func `a queue that somebody takes stays`() async throws {
        try await Self.with { broker, deployment, old in
            let fleet = RabbitMQBroker(broker.configuration)
            let consumer = try await fleet.consumer(named: "test", of: [.init(queue: old.name, prefetch: 1)])
            try await eventually("it is taken") { try await broker.admin.queueDepth(old.name)?.consumers == 1 }
            let kept = try await Self.prune(deployment).first { $0.name == old.name }
            #expect(kept?.kept == "has consumers")
            await consumer.close()
            await fleet.close()
        }
    }
}
