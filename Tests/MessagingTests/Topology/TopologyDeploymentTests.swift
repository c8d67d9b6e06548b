import FlotillaMessaging
import FlotillaModels
import Testing

struct TopologyDeploymentTests {
    private static let topology = Topology(
        delay: DelayLadder(levels: 3),
        queues: [
            QueueDefinition(name: "a.b", worker: "w", bindings: [QueueBinding(exchange: "fleet.topic", key: "b")])
        ]
    )

    @Test func `applying to an empty broker makes everything, and a second time makes nothing`() async throws {
        let broker = RecordingBroker()
        let deployment = TopologyDeployment(of: Self.topology, on: broker, management: nil)
        let plan = try await deployment.plan()
        let first = try await deployment.apply()
        #expect(first.created.count == plan.exchanges.count + plan.queues.count)
        #expect(first.ensuredBindings == plan.bindings.count)
        #expect(first.remaining.isEmpty)
        #expect(await broker.bindings == Set(plan.bindings))
        let second = try await deployment.apply()
        #expect(second.created.isEmpty)
        #expect(second.remaining.isEmpty)
    }

    @Test func `looking creates nothing`() async throws {
        let broker = RecordingBroker()
        let diff = try await TopologyDeployment(of: Self.topology, on: broker, management: nil).diff()
        #expect(diff.contains(.missing, .queue, "dlq.a.b"))
        #expect(await broker.queues.isEmpty)
        #expect(await broker.exchanges.isEmpty)
        #expect(diff.notes.count == 1)
    }

    @Test func `a queue with other arguments is told and left alone`() async throws {
        let broker = RecordingBroker()
        let other = HeaderTable([.init(name: "x-queue-type", value: "classic")])
        try await broker.declareQueue("a.b", durable: true, arguments: other)
        let outcome = try await TopologyDeployment(of: Self.topology, on: broker, management: nil).apply()
        #expect(outcome.remaining.differences.map(\.name) == ["a.b"])
        #expect(outcome.remaining.contains(.changed, .queue, "a.b"))
        #expect(await broker.queues["a.b"] == other)
        #expect(await broker.queues["dlq.a.b"] != nil)
    }

    @Test(arguments: [true, false])
    func `the binding of an earlier version goes once the new way is there`(seesBindings: Bool) async throws {
        let broker = RecordingBroker()
        let old = BindingDeclaration(
            source: "fleet.delay.exit",
            destination: "a.b",
            kind: .queue,
            key: "*.*.*.a.b"
        )
        await broker.bindQueue(old.destination, to: old.source, routingKey: old.key, arguments: HeaderTable())
        let management = seesBindings ? FixedState(BrokerState(bindings: [old])) : nil
        let deployment = TopologyDeployment(of: Self.topology, on: broker, management: management)
        let outcome = try await deployment.apply()
        let plan = try await deployment.plan()
        #expect(await broker.bindings == Set(plan.bindings))
        #expect(outcome.removed.map(\.name) == (seesBindings ? [old.description] : []))
        #expect(outcome.remaining.isEmpty)
        let log = await broker.log
        let removal = try #require(log.firstIndex(of: "unbind \(old)"))
        #expect(log.firstIndex(of: "bind \(plan.ladderExit)") == removal - 1)
        let events = try #require(log.firstIndex(of: "bind fleet.topic → a.b (b)"))
        #expect(removal < events)
    }

    @Test(arguments: ["3.9.13", "2.4", "unknown"])
    func `a server that is too old or that has no version is refused`(version: String) async throws {
        let deployment = TopologyDeployment(of: Self.topology, on: RecordingBroker(version: version), management: nil)
        await #expect(throws: AMQPError.self) { try await deployment.apply() }
    }
}

/// Keeps declarations as a broker does, and refuses a declaration that differs.
private actor RecordingBroker: BrokerAdministration {
    let serverVersion: String
    private(set) var exchanges: [String: String] = [:]
    private(set) var queues: [String: HeaderTable] = [:]
    private(set) var bindings: Set<BindingDeclaration> = []
    /// What was bound and unbound, in order.
    private(set) var log: [String] = []

    init(version: String = "3.10.8") { serverVersion = version }

    func exchangeExists(_ name: String) -> Bool { exchanges[name] != nil }

    func declareExchange(
        _ name: String,
        type: String,
        durable: Bool,
        internal: Bool,
        arguments: HeaderTable
    ) throws(AMQPError) {
        if let found = exchanges[name], found != type { throw inequivalent(name) }
        exchanges[name] = type
    }

    func declareQueue(_ name: String, durable: Bool, arguments: HeaderTable) throws(AMQPError) {
        if let found = queues[name], found != arguments { throw inequivalent(name) }
        queues[name] = arguments
    }

    func queueDepth(_ name: String) -> QueueDepth? {
        queues[name].map { _ in QueueDepth(ready: 0, consumers: 0) }
    }

    func bindQueue(_ queue: String, to exchange: String, routingKey: String, arguments: HeaderTable) {
        insert(.init(source: exchange, destination: queue, kind: .queue, key: routingKey))
    }

    func bindExchange(_ destination: String, to source: String, routingKey: String, arguments: HeaderTable) {
        insert(.init(source: source, destination: destination, kind: .exchange, key: routingKey))
    }

    func unbindQueue(_ queue: String, from exchange: String, routingKey: String, arguments: HeaderTable) {
        let binding = BindingDeclaration(source: exchange, destination: queue, kind: .queue, key: routingKey)
        bindings.remove(binding)
        log.append("unbind \(binding)")
    }

    func unbindExchange(_ destination: String, from source: String, routingKey: String, arguments: HeaderTable) {
        bindings.remove(.init(source: source, destination: destination, kind: .exchange, key: routingKey))
    }

    func deleteQueue(_ name: String) { queues[name] = nil }

    func deleteExchange(_ name: String) { exchanges[name] = nil }

    private func insert(_ binding: BindingDeclaration) {
        bindings.insert(binding)
        log.append("bind \(binding)")
    }

    private func inequivalent(_ name: String) -> AMQPError {
        AMQPError(code: .broker(replyCode: 406), operation: "declare", detail: "inequivalent arg for '\(name)'")
    }
}

/// A management API that says the same whatever happens.
private struct FixedState: BrokerInspection {
    let fixed: BrokerState

    init(_ fixed: BrokerState) { self.fixed = fixed }

    func state() -> BrokerState { fixed }

    func undelivered() -> [String: Int] { [:] }

    func unacknowledged() -> [String: Int] { [:] }
}
