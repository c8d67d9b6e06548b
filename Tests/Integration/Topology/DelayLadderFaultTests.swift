@testable import FlotillaDeadLetters
import FlotillaManagement
import FlotillaMessaging
import FlotillaModels
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

/// What happens to one queue is not felt by the retries of others.
@Suite(.enabled(if: TestBroker.hasManagement))
struct DelayLadderFaultTests {
    /// The ladder of the tests waits up to 1.55 s.
    private static let levels = 5

    @Test func `retries for a deleted queue hold up no others, are seen, and come once it is there again`()
        async throws
    {
        try await TestBroker.with { broker in
            let (gone, other) = (broker.queue("gone"), broker.queue("other"))
            let topology = broker.topology([gone, other], levels: Self.levels)
            try await broker.deploy(topology)
            let retries = Retries(topology)
            try await broker.publishing { publisher in
                try await broker.admin.deleteQueue(gone.name)
                try await retries.publish(300, to: gone.name, by: publisher)
                let exit = topology.delay.exitQueue(of: gone.name)
                try await broker.eventuallyUndelivered(300, in: exit)
                try await broker.expectShown(300, in: exit, of: topology)
                try await retries.expectPunctual(in: other.name, on: broker, by: publisher)
                try await retries.publish(10, to: gone.name, by: publisher)
                try await broker.eventuallyUndelivered(310, in: exit)
                try await broker.deploy(topology)
                try await broker.eventuallyReady(310, in: gone.name)
                try await broker.eventuallyUndelivered(0, in: exit)
            }
        }
    }

    @Test func `retries for a full queue hold up no others, and come once it takes more`() async throws {
        try await TestBroker.with { broker in
            let (full, other) = (broker.queue("full"), broker.queue("other"))
            let topology = broker.topology([full, other], levels: Self.levels)
            try await broker.deploy(topology)
            try await broker.limit(full.name, to: 5)
            let retries = Retries(topology)
            try await broker.publishing { publisher in
                try await retries.publish(300, to: full.name, by: publisher)
                try await eventually("most are undelivered") {
                    let undelivered = try await broker.undelivered()
                    return undelivered[topology.delay.exitQueue(of: full.name)] ?? 0 > 200
                }
                try await retries.expectPunctual(in: other.name, on: broker, by: publisher)
                try await broker.limit(full.name, to: 10_000)
                try await broker.eventuallyReady(300, in: full.name)
            }
            try await broker.removeLimit()
        }
    }

    @Test func `the ladder of an earlier version is carried over with the retries that are on it`() async throws {
        try await TestBroker.with { broker in
            let queues = [broker.queue("a", key: "a"), broker.queue("b", key: "b")]
            let topology = broker.topology(queues, levels: Self.levels)
            try await broker.declareEarlierVersion(of: topology)
            let retries = Retries(topology)
            try await broker.publishing { publisher in
                for queue in queues { try await retries.publish(100, to: queue.name, by: publisher) }
                let deployment = broker.deployment(of: topology, seesManagement: true)
                let before = try await deployment.diff()
                #expect(before.differences.count { $0.kind == .obsolete } == 2)
                let outcome = try await deployment.apply()
                #expect(outcome.removed.count == 2)
                #expect(outcome.remaining.isEmpty)
                #expect(try await deployment.diff().isEmpty)
                for queue in queues {
                    _ = try await retries.lateness(of: 100, in: queue.name, on: broker)
                }
                // And by the new way alone.
                try await retries.publish(50, to: queues[0].name, by: publisher)
                _ = try await retries.lateness(of: 50, in: queues[0].name, on: broker)
                #expect(try await broker.admin.queueDepth(topology.delay.lost)?.ready == 0)
            }
        }
    }

    @Test func `without the management API the earlier bindings go as well`() async throws {
        try await TestBroker.with { broker in
            let queue = broker.queue("a", key: "a")
            let topology = broker.topology([queue], levels: Self.levels)
            try await broker.declareEarlierVersion(of: topology)
            _ = try await broker.deployment(of: topology).apply()
            #expect(try await broker.deployment(of: topology, seesManagement: true).diff().isEmpty)
        }
    }

    @Test func `while bindings are made, what is confirmed has come to the queues that are bound for it`() async throws
    {
        try await TestBroker.with { broker in
            let all = broker.queue("all", key: "#")
            let others = (0..<40).map { broker.queue("n\($0)", key: "n\($0)") }
            let wanted = broker.queue("wanted", key: "wanted")
            let topology = broker.topology([all] + others + [wanted], levels: 1)
            try await broker.admin.declareExchange(topology.events.name, type: "topic")
            let applying = Task { try await broker.deploy(topology) }
            try await broker.publishing { publisher in
                var confirmed = 0
                while confirmed < 20 {
                    let message = OutgoingMessage(
                        exchange: topology.events.name,
                        routingKey: "wanted",
                        message: Message(body: [1])
                    )
                    if await publisher.publish([message]) == [.confirmed] { confirmed += 1 }
                }
                try await applying.value
                try await broker.eventuallyReady(confirmed, in: wanted.name)
            }
        }
    }
}

/// Messages on a ladder that know when they are due.
private struct Retries {
    private let ladder: DelayLadder
    private let start = ContinuousClock.now

    init(_ topology: Topology) { ladder = topology.delay }

    /// With waits over the whole ladder.
    func publish(_ count: Int, to queue: String, by publisher: any MessagePublisher) async throws {
        let now = ContinuousClock.now - start
        let messages = (0..<count).map { index in
            let delay = ladder.unit * (1 + index % ((1 << ladder.levels) - 1))
            var properties = MessageProperties()
            properties.messageID = UUID().uuidString
            return OutgoingMessage(
                exchange: ladder.entryExchange,
                routingKey: ladder.routingKey(for: delay, to: queue),
                message: Message(properties: properties, body: Array("\((now + delay).milliseconds)".utf8))
            )
        }
        let results = await publisher.publish(messages)
        #expect(results.filter { !$0.isConfirmed }.isEmpty)
    }

    /// Twenty retries over the whole ladder come at most five seconds late, the last of them included.
    ///
    /// A machine with other work may leave this process or the broker without a processor for longer than that: one
    /// round of a few has to keep the time. A ladder that is held up keeps it in none.
    func expectPunctual(in queue: String, on broker: TestBroker, by publisher: any MessagePublisher) async throws {
        var rounds: [Duration] = []
        repeat {
            try await publish(20, to: queue, by: publisher)
            rounds.append(try await lateness(of: 20, in: queue, on: broker))
        } while rounds.count < 8 && rounds.allSatisfy { $0 > .seconds(5) }
        #expect(rounds.contains { $0 <= .seconds(5) }, "the latest of each round: \(rounds)")
    }

    /// Takes as many different messages, and returns by how much the latest came after its time.
    func lateness(of count: Int, in queue: String, on broker: TestBroker) async throws -> Duration {
        var seen: Set<String> = []
        var latest = Duration.zero
        try await eventually("\(count) retries come to \(queue)") {
            while let (message, _, _) = try await broker.admin.get(queue) {
                seen.insert(message.properties.messageID ?? "")
                let due = Duration.milliseconds(Int64(String(decoding: message.body, as: UTF8.self)) ?? 0)
                latest = max(latest, ContinuousClock.now - start - due)
            }
            return seen.count == count
        }
        return latest
    }
}

extension TestBroker {
    fileprivate func publishing(_ body: (any MessagePublisher) async throws -> Void) async throws {
        let broker = RabbitMQBroker(configuration)
        try await broker.closing { try await body(try await broker.publisher(named: "test")) }
    }

    fileprivate func undelivered() async throws -> [String: Int] {
        try #require(await management?.undelivered())
    }

    fileprivate func eventuallyUndelivered(_ count: Int, in queue: String) async throws {
        try await eventually("\(count) are undelivered in \(queue)", every: .milliseconds(100)) {
            try await undelivered()[queue] == count
        }
    }

    /// The metrics of the fleet show what a queue keeps.
    fileprivate func expectShown(_ count: Int, in queue: String, of topology: Topology) async throws {
        let metrics = Metrics()
        try await UndeliveredGauges(topology, try #require(management), metrics: metrics).update()
        let line = "flotilla_queue_undelivered{queue=\"\(queue)\"} \(Double(count))"
        let text = metrics.render()
        #expect(text.contains("\n\(line)\n"), "\(text)")
    }

    /// A server that is not ours may take three minutes to try again.
    fileprivate func eventuallyReady(_ count: Int, in queue: String) async throws {
        try await eventually("\(count) are ready in \(queue)", within: .seconds(240), every: .milliseconds(50)) {
            try await admin.queueDepth(queue)?.ready == count
        }
    }

    /// What the first version made: queues bound to the ladder's exit themselves.
    fileprivate func declareEarlierVersion(of topology: Topology) async throws {
        let plan = try await deployment(of: topology).plan()
        let ladder = topology.delay
        func isNew(_ name: String) -> Bool {
            [ladder.returnExchange, ladder.lost].contains(name) || name.hasPrefix(ladder.exit + ".")
        }
        for exchange in plan.exchanges where !isNew(exchange.name) {
            try await admin.declareExchange(exchange.name, type: exchange.kind.rawValue)
        }
        for queue in plan.queues where !isNew(queue.name) {
            try await admin.declareQueue(queue.name, arguments: queue.arguments)
        }
        let bindings = plan.bindings.filter { !isNew($0.source) && !isNew($0.destination) } + plan.obsoleteBindings
        for binding in bindings {
            switch binding.kind {
            case .queue:
                try await admin.bindQueue(binding.destination, to: binding.source, routingKey: binding.key)
            case .exchange:
                try await admin.bindExchange(binding.destination, to: binding.source, routingKey: binding.key)
            }
        }
    }
}
