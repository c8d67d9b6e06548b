import FlotillaMessaging
import FlotillaModels
import Testing

struct TopologyRoutesTests {
    private let topology = Topology(
        queues: [
            QueueDefinition(
                name: "audit.all",
                worker: "audit",
                bindings: [
                    QueueBinding(exchange: "fleet.topic", key: "#"),
                    QueueBinding(exchange: "fleet.direct", key: "audit.write"),
                ]
            ),
            QueueDefinition(
                name: "quota.views",
                worker: "quota",
                bindings: [QueueBinding(exchange: "fleet.topic", key: "profile.*")]
            ),
            QueueDefinition(
                name: "fleet.control",
                worker: "control",
                bindings: [QueueBinding(exchange: "fleet.fanout", key: "")]
            ),
        ]
    )

    private func takers(_ exchange: String, _ key: String) -> [String] {
        topology.queues.filter { topology.routes(exchange, key, to: $0) }.map(\.name)
    }

    @Test func `a topic exchange brings a queue what its pattern matches`() {
        #expect(takers("fleet.topic", "profile.viewed") == ["audit.all", "quota.views"])
        #expect(takers("fleet.topic", "profile") == ["audit.all"])
        #expect(takers("fleet.topic", "profile.viewed.twice") == ["audit.all"])
        #expect(takers("fleet.topic", "") == ["audit.all"])
    }

    @Test func `a direct exchange brings a queue its exact key, and a fanout everything`() {
        #expect(takers("fleet.direct", "audit.write") == ["audit.all"])
        #expect(takers("fleet.direct", "profile.viewed").isEmpty)
        #expect(takers("fleet.fanout", "whatever") == ["fleet.control"])
    }

    @Test func `a message straight to a queue reaches that queue alone`() {
        #expect(takers("", "quota.views") == ["quota.views"])
        #expect(topology.routes("", "dlq.quota.views"))
        #expect(!topology.routes("", "somebody.else"))
    }

    @Test func `what is published to the delay ladder is always the fleet's`() {
        #expect(topology.routes("fleet.delay.23", "0.1.whatever"))
        #expect(topology.declares(exchange: "fleet.delay.exit"))
        #expect(topology.declares(exchange: "fleet.direct"))
    }

    @Test func `another program's exchange is none of the fleet's`() {
        #expect(!topology.declares(exchange: "theirs"))
        #expect(!topology.routes("theirs", "profile.viewed"))
        #expect(takers("theirs", "profile.viewed").isEmpty)
    }
}
