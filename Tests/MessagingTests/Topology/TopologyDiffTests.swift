import FlotillaMessaging
import FlotillaModels
import Testing

struct TopologyDiffTests {
    private static let plan = TopologyPlan(
        Topology(
            delay: DelayLadder(levels: 2),
            queues: [
                QueueDefinition(name: "a.b", worker: "w", bindings: [QueueBinding(exchange: "fleet.topic", key: "b")])
            ]
        ),
        server: ServerVersion(3, 10)
    )

    /// A broker that has exactly what the plan wants.
    private static var asPlanned: BrokerState {
        BrokerState(
            exchanges: Dictionary(
                uniqueKeysWithValues: plan.exchanges.map { exchange in
                    (exchange.name, .init(kind: exchange.kind.rawValue, alternate: exchange.alternate))
                }
            ),
            queues: Dictionary(uniqueKeysWithValues: plan.queues.map { ($0.name, .init(arguments: $0.arguments)) }),
            bindings: Set(plan.bindings)
        )
    }

    private func differences(_ change: (inout BrokerState) -> Void) -> [TopologyDiff.Difference] {
        var state = Self.asPlanned
        change(&state)
        return TopologyDiff(plan: Self.plan, state: state).differences
    }

    @Test func `a broker as planned differs in nothing`() {
        #expect(differences { _ in } == [])
    }

    @Test func `on an empty broker everything is missing`() {
        let diff = TopologyDiff(plan: Self.plan, state: BrokerState())
        #expect(diff.differences.count == Self.plan.exchanges.count + Self.plan.queues.count + Self.plan.bindings.count)
        #expect(diff.differences.allSatisfy { $0.kind == .missing })
    }

    @Test func `other widths of numbers are no change, other values are`() {
        #expect(differences { $0.queues["a.b"]?.arguments["x-delivery-limit"] = .int32(20) } == [])
        #expect(
            differences { $0.queues["a.b"]?.arguments["x-delivery-limit"] = .int32(5) } == [
                .init(.changed, .queue, "a.b", "x-delivery-limit is 5, wanted 20")
            ]
        )
        #expect(
            differences {
                $0.queues["dlq.a.b"]?.arguments["x-queue-type"] = nil
                $0.queues["dlq.a.b"]?.arguments["x-expires"] = 60_000
            } == [
                .init(
                    .changed,
                    .queue,
                    "dlq.a.b",
                    "x-expires is 60000, wanted not set; x-queue-type is 'classic', wanted 'quorum'"
                )
            ]
        )
    }

    @Test func `a transient queue and an exchange of another type are changed`() {
        #expect(
            differences {
                $0.queues["a.b"]?.isDurable = false
                $0.exchanges["fleet.topic"]?.kind = "direct"
            } == [
                .init(.changed, .exchange, "fleet.topic", "type is direct, wanted topic"),
                .init(.changed, .queue, "a.b", "is transient, wanted durable"),
            ]
        )
    }

    @Test func `under our names an extra object is told, under others it is not`() {
        let found = differences { state in
            state.exchanges["fleet.old"] = .init(kind: "topic")
            state.exchanges["theirs.topic"] = .init(kind: "topic")
            for name in ["a.old", "dlq.a.old", "fleet.delay.09", "theirs.queue", "dlq.theirs.queue"] {
                state.queues[name] = .init()
            }
            state.bindings.insert(.init(source: "fleet.topic", destination: "theirs.queue", kind: .queue, key: "b"))
            state.bindings.insert(.init(source: "fleet.topic", destination: "a.b", kind: .queue, key: "old"))
            state.bindings.insert(.init(source: "theirs.topic", destination: "fleet.topic", kind: .exchange, key: "#"))
        }
        #expect(
            found == [
                .init(.extra, .exchange, "fleet.old"), .init(.extra, .queue, "a.old"),
                .init(.extra, .queue, "dlq.a.old"),
                .init(.extra, .queue, "fleet.delay.09"), .init(.extra, .binding, "fleet.topic → a.b (old)"),
                .init(.extra, .binding, "theirs.topic → fleet.topic (#)"),
            ]
        )
    }

    @Test func `a missing binding is told with its key`() {
        let binding = BindingDeclaration(source: "fleet.topic", destination: "a.b", kind: .queue, key: "b")
        #expect(
            differences { $0.bindings.remove(binding) } == [.init(.missing, .binding, "fleet.topic → a.b (b)")]
        )
    }

    @Test func `a binding of an earlier version is told as one that apply removes`() {
        #expect(
            differences { state in
                state.bindings.insert(
                    .init(source: "fleet.delay.exit", destination: "a.b", kind: .queue, key: "*.*.a.b")
                )
            } == [
                .init(
                    .obsolete,
                    .binding,
                    "fleet.delay.exit → a.b (*.*.a.b)",
                    "retries go by fleet.delay.return now"
                )
            ]
        )
    }

    @Test func `an exchange without its alternate is changed`() {
        #expect(
            differences { $0.exchanges["fleet.delay.return"]?.alternate = nil } == [
                .init(
                    .changed,
                    .exchange,
                    "fleet.delay.return",
                    "alternate-exchange is not set, wanted fleet.delay.lost"
                )
            ]
        )
    }

    @Test func `a policy counts where it changes how messages are kept`() {
        func reported(_ policy: BrokerPolicy) -> [TopologyDiff.Difference] { differences { $0.policies = [policy] } }
        #expect(
            reported(
                BrokerPolicy(name: "ttl", pattern: "^a\\.", definition: ["message-ttl": 1_000, "queue-mode": "lazy"])
            )
                == [
                    .init(.policy, .queue, "a.b", "policy 'ttl' sets message-ttl 1000")
                ]
        )
        // The smaller of two limits holds: ours of 20.
        #expect(reported(BrokerPolicy(name: "high", pattern: "^a\\.b$", definition: ["delivery-limit": 50])) == [])
        #expect(reported(BrokerPolicy(name: "low", pattern: "^a\\.b$", definition: ["delivery-limit": 5])).count == 1)
        // A queue's own argument holds against a policy's.
        #expect(
            reported(BrokerPolicy(name: "dlx", pattern: "^a\\.b$", definition: ["dead-letter-exchange": "x"])) == []
        )
        #expect(
            reported(BrokerPolicy(name: "dlx", pattern: "^dlq\\.", definition: ["dead-letter-exchange": "x"])).count
                == 1
        )
        #expect(
            reported(BrokerPolicy(name: "ha", pattern: "", appliesTo: "classic_queues", definition: ["expires": 9]))
                == []
        )
        #expect(
            reported(BrokerPolicy(name: "op", pattern: "^a\\.b$", isOperator: true, definition: ["max-length": 9])) == [
                .init(.policy, .queue, "a.b", "operator policy 'op' sets max-length 9")
            ]
        )
    }

    @Test func `of several policies only the one of highest priority counts`() {
        let found = differences {
            $0.policies = [
                BrokerPolicy(name: "low", pattern: "^a", priority: 1, definition: ["expires": 5]),
                BrokerPolicy(name: "high", pattern: "^a", priority: 9, definition: ["queue-mode": "lazy"]),
            ]
        }
        #expect(found == [])
    }

    @Test func `a pattern that can't be read is noted`() {
        var state = Self.asPlanned
        state.policies = [BrokerPolicy(name: "odd", pattern: "(((", definition: ["expires": 5])]
        let diff = TopologyDiff(plan: Self.plan, state: state)
        #expect(diff.notes == ["the pattern of policy 'odd' could not be read; check by hand what it matches"])
    }
}
