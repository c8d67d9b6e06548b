import FlotillaMessaging
import FlotillaModels
import Testing

struct TopologyPruneTests {
    private static let topology = Topology(
        delay: DelayLadder(levels: 3),
        queues: [
            QueueDefinition(name: "a.b", worker: "w", bindings: [QueueBinding(exchange: "fleet.topic", key: "b")])
        ]
    )
    private static let plan = TopologyPlan(topology, server: ServerVersion.oldestSupported)

    /// What the plan wants, and more.
    private static func state(
        queues: [String] = [],
        exchanges: [String] = [],
        bindings: [BindingDeclaration] = []
    ) -> BrokerState {
        var state = BrokerState()
        for queue in plan.queues.map(\.name) + queues { state.queues[queue] = .init() }
        for exchange in plan.exchanges { state.exchanges[exchange.name] = .init(kind: exchange.kind.rawValue) }
        for exchange in exchanges { state.exchanges[exchange] = .init(kind: "topic") }
        state.bindings = Set(plan.bindings + bindings)
        return state
    }

    private static func binding(_ source: String, _ queue: String, _ key: String) -> BindingDeclaration {
        BindingDeclaration(source: source, destination: queue, kind: .queue, key: key)
    }

    @Test func `a broker that is as the file says has nothing to prune`() {
        #expect(TopologyPrune(Self.plan, state: Self.state()).isEmpty)
    }

    @Test func `what the fleet made goes, what others made stays`() {
        let old = Self.binding("fleet.topic", "a.b", "old")
        let foreign = Self.binding("others.topic", "a.b", "#")
        let theirs = Self.binding("fleet.topic", "theirs.queue", "#")
        let state = Self.state(
            queues: ["a.old", "dlq.a.old", "fleet.delay.exit.A.OLD", "theirs.queue", "other.delay.00"],
            exchanges: ["fleet.gone", "others.topic", "other.topic"],
            bindings: [old, foreign, theirs, Self.binding("fleet.topic", "a.old", "old")]
        )
        let prune = TopologyPrune(Self.plan, state: state)
        #expect(prune.bindings == [old])
        #expect(prune.queues == ["a.old", "dlq.a.old", "fleet.delay.exit.A.OLD"])
        #expect(prune.exchanges == ["fleet.gone"])
    }

    @Test func `an earlier namespace is pruned once it is named`() {
        let stray = Self.binding("other.topic", "a.b", "b")
        let state = Self.state(queues: ["other.delay.00"], exchanges: ["other.topic"], bindings: [stray])
        #expect(TopologyPrune(Self.plan, state: state).isEmpty)
        let prune = TopologyPrune(Self.plan, state: state, namespaces: ["other"])
        #expect(prune.bindings == [stray])
        #expect(prune.queues == ["other.delay.00"])
        #expect(prune.exchanges == ["other.topic"])
    }
}
