import FlotillaMessaging
import FlotillaModels
import Testing

struct TopologyPlanTests {
    private static let topology = Topology(
        queues: [
            QueueDefinition(
                name: "a.b",
                worker: "w",
                bindings: [QueueBinding(exchange: "fleet.topic", key: "b")],
                crashLimit: 7,
                maxLength: 1_000
            ),
            QueueDefinition(name: "x.a.b", worker: "w"),
            QueueDefinition(name: "a.c", worker: "w", kind: .classic),
        ]
    )

    private func queue(_ name: String, _ version: ServerVersion = ServerVersion(3, 10)) throws -> HeaderTable {
        try #require(TopologyPlan(Self.topology, server: version).queues.first { $0.name == name }).arguments
    }

    @Test func `the ladder delivers any delay to its queue alone, after exactly that delay in whole units`() {
        let simulation = RoutingSimulation(TopologyPlan(Self.topology, server: ServerVersion(3, 10)))
        let ladder = Self.topology.delay
        var random = SplitMix(state: 7)
        for _ in 0..<2_000 {
            // All magnitudes alike, up to the longest.
            let bits = Int64.random(in: 0...31, using: &random)
            let delay = min(Duration.milliseconds(Int64.random(in: 0...(1 << bits), using: &random)), ladder.longest)
            let queue = Self.topology.queues.randomElement(using: &random)?.name ?? ""
            let found = simulation.arrivals(from: ladder.entryExchange, key: ladder.routingKey(for: delay, to: queue))
            let units = (delay.milliseconds + 99) / 100
            #expect(found == [.init(queue: queue, waited: .milliseconds(units * 100))])
        }
    }

    @Test(arguments: [1, 2, 5, 30])
    func `a ladder of any height works from no delay to the longest`(levels: Int) {
        let ladder = DelayLadder(namespace: "other", unit: .milliseconds(1), levels: levels)
        let topology = Topology(namespace: "other", delay: ladder, queues: [QueueDefinition(name: "a.b", worker: "w")])
        let simulation = RoutingSimulation(TopologyPlan(topology, server: ServerVersion(4, 1)))
        for delay in [.zero, .milliseconds(1), ladder.longest] {
            let found = simulation.arrivals(from: ladder.entryExchange, key: ladder.routingKey(for: delay, to: "a.b"))
            #expect(found == [.init(queue: "a.b", waited: delay)])
        }
    }

    @Test func `an event reaches the queues that are bound for it, and no other`() {
        let simulation = RoutingSimulation(TopologyPlan(Self.topology, server: ServerVersion(3, 10)))
        #expect(simulation.arrivals(from: "fleet.topic", key: "b") == [.init(queue: "a.b", waited: .zero)])
        #expect(simulation.arrivals(from: "fleet.topic", key: "c").isEmpty)
    }

    @Test func `a level keeps its messages until the next has confirmed them`() throws {
        let level = try queue("fleet.delay.07")
        #expect(level["x-queue-type"] == "quorum")
        #expect(level["x-message-ttl"]?.integer == 12_800)
        #expect(level["x-dead-letter-exchange"] == "fleet.delay.06")
        #expect(level["x-dead-letter-routing-key"] == nil)
        #expect(level["x-dead-letter-strategy"] == "at-least-once")
        #expect(level["x-overflow"] == "reject-publish")
        #expect(try queue("fleet.delay.00")["x-dead-letter-exchange"] == "fleet.delay.exit")
    }

    @Test func `each queue has an exit of its own, which keeps its messages until the queue has confirmed them`() throws
    {
        let exit = try queue("fleet.delay.exit.A.B")
        #expect(exit["x-queue-type"] == "quorum")
        #expect(exit["x-message-ttl"]?.integer == 0)
        #expect(exit["x-dead-letter-exchange"] == "")
        #expect(exit["x-dead-letter-routing-key"] == "a.b")
        #expect(exit["x-dead-letter-strategy"] == "at-least-once")
        #expect(exit["x-overflow"] == "reject-publish")
        #expect(exit["x-max-length"] == nil)
        #expect(try queue("fleet.delay.exit.A.B", ServerVersion(4, 0))["x-delivery-limit"]?.integer == -1)
    }

    @Test func `a retry for a queue that is not known stays where it is seen`() {
        let simulation = RoutingSimulation(TopologyPlan(Self.topology, server: ServerVersion(3, 10)))
        let ladder = Self.topology.delay
        for delay in [Duration.zero, .milliseconds(200)] {
            let key = ladder.routingKey(for: delay, to: "gone.b")
            let found = simulation.arrivals(from: ladder.entryExchange, key: key)
            #expect(found == [.init(queue: "fleet.delay.lost", waited: delay)])
        }
    }

    @Test func `a policy meant for a queue does not hold for its exit`() throws {
        let topology = Topology(queues: [QueueDefinition(name: "audit.all", worker: "w")])
        let plan = TopologyPlan(topology, server: ServerVersion(3, 10))
        let exit = try #require(plan.queues.first { $0.name == "fleet.delay.exit.AUDIT.ALL" })
        let work = try #require(plan.queues.first { $0.name == "audit.all" })
        for pattern in ["audit.*", "audit.all", "^audit\\.all$", "(audit|search)\\.", "audit.*|subscription.*"] {
            let policy = BrokerPolicy(name: "p", pattern: pattern, definition: ["max-length": 5])
            #expect(policy.applies(to: work) == true)
            #expect(policy.applies(to: exit) == false, "\(pattern)")
        }
    }

    @Test func `bindings come in the order in which nothing is lost, those that take everything last`() {
        let topology = Topology(
            queues: [
                QueueDefinition(
                    name: "audit.all",
                    worker: "w",
                    bindings: [
                        QueueBinding(exchange: "fleet.topic", key: "#"),
                        QueueBinding(exchange: "fleet.direct", key: "audit.write"),
                    ]
                ),
                QueueDefinition(
                    name: "a.part",
                    worker: "w",
                    bindings: [
                        QueueBinding(exchange: "fleet.topic", key: "profile.#"),
                        QueueBinding(exchange: "fleet.topic", key: "profile.*"),
                    ]
                ),
                QueueDefinition(
                    name: "a.control",
                    worker: "w",
                    bindings: [QueueBinding(exchange: "fleet.fanout", key: "")]
                ),
                QueueDefinition(
                    name: "a.viewed",
                    worker: "w",
                    bindings: [QueueBinding(exchange: "fleet.topic", key: "profile.viewed")]
                ),
            ]
        )
        let plan = TopologyPlan(topology, server: ServerVersion(3, 10))
        let events = plan.bindings.filter { !$0.source.hasPrefix("fleet.delay.") }
        #expect(
            events.map(\.key) == ["audit.write", "profile.viewed", "profile.*", "profile.#", "#", ""]
        )
        #expect(plan.bindings.suffix(events.count) == events[...])
        func index(_ binding: BindingDeclaration?) -> Int { binding.flatMap(plan.bindings.firstIndex) ?? -1 }
        let exits = plan.bindings.filter { $0.source == "fleet.delay.return" }
        #expect(exits.count == 4)
        #expect(exits.allSatisfy { index($0) < index(plan.ladderExit) })
        let entrance = plan.bindings.first { $0.source == topology.delay.entryExchange }
        #expect(index(plan.ladderExit) < index(entrance))
    }

    @Test func `a quorum queue dead-letters at least once into its own dead-letter queue`() throws {
        let main = try queue("a.b")
        #expect(main["x-queue-type"] == "quorum")
        #expect(main["x-dead-letter-exchange"] == "")
        #expect(main["x-dead-letter-routing-key"] == "dlq.a.b")
        #expect(main["x-dead-letter-strategy"] == "at-least-once")
        #expect(main["x-overflow"] == "reject-publish")
        #expect(main["x-delivery-limit"]?.integer == 7)
        #expect(main["x-max-length"]?.integer == 1_000)
    }

    @Test func `a classic queue is given nothing that only quorum queues know`() throws {
        let main = try queue("a.c")
        #expect(main["x-queue-type"] == "classic")
        #expect(main["x-dead-letter-routing-key"] == "dlq.a.c")
        #expect(main["x-dead-letter-strategy"] == nil)
        #expect(main["x-delivery-limit"] == nil)
        #expect(try queue("dlq.a.c", ServerVersion(4, 0))["x-delivery-limit"] == nil)
    }

    @Test func `a dead-letter queue has no delivery limit, said outright where the broker has a default`() throws {
        #expect(try queue("dlq.a.b")["x-delivery-limit"] == nil)
        #expect(try queue("dlq.a.b", ServerVersion(3, 13, 7))["x-delivery-limit"] == nil)
        #expect(try queue("dlq.a.b", ServerVersion(4, 0))["x-delivery-limit"]?.integer == -1)
        #expect(try queue("fleet.delay.00", ServerVersion(4, 2))["x-delivery-limit"]?.integer == -1)
        #expect(try queue("a.b", ServerVersion(4, 2))["x-delivery-limit"]?.integer == 7)
    }

    @Test func `no queue names an argument twice`() {
        for version in [ServerVersion(3, 10), ServerVersion(4, 0)] {
            for queue in TopologyPlan(Self.topology, server: version).queues {
                let names = queue.arguments.entries.map(\.name)
                #expect(Set(names).count == names.count)
            }
        }
    }

    @Test func `what dead-letters into a queue is created after it`() {
        let names = TopologyPlan(Self.topology, server: ServerVersion(3, 10)).queues.map(\.name)
        #expect(names.firstIndex(of: "dlq.a.b") ?? .max < names.firstIndex(of: "a.b") ?? .min)
        #expect(names.firstIndex(of: "a.b") ?? .max < names.firstIndex(of: "fleet.delay.exit.A.B") ?? .min)
        #expect(names.firstIndex(of: "fleet.delay.exit.A.B") ?? .max < names.firstIndex(of: "fleet.delay.00") ?? .min)
        #expect(names.firstIndex(of: "fleet.delay.00") ?? .max < names.firstIndex(of: "fleet.delay.01") ?? .min)
    }

    @Test(
        arguments: [
            ("3.10.8", ServerVersion(3, 10, 8)), ("4.0.0-rc.1", ServerVersion(4, 0)), ("4.1", ServerVersion(4, 1)),
            ("3.13.7+1.g1a2b3c4", ServerVersion(3, 13, 7)), ("4.2.0+beta", ServerVersion(4, 2)),
        ]
    )
    func `a server's version is read`(text: String, version: ServerVersion) {
        #expect(ServerVersion(text: text) == version)
    }

    @Test(arguments: ["", "4", "four.one", "-1.2", "4.x"])
    func `what is no version is none`(text: String) {
        #expect(ServerVersion(text: text) == nil)
    }
}
