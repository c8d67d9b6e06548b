import FlotillaDeadLetters
import FlotillaManagement
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Testing
import Workers

/// A publisher in another language, with a user of its own, against a real broker.
@Suite(.enabled(if: PublisherFixture.isAvailable))
struct PublisherTests {
    @Test func `the broker refuses what a publisher's line does not list`() async throws {
        try await PublisherFixture.with(isStrict: false, runs: false) { fixture in
            let (topic, name) = (fixture.topology.events.name, fixture.broker.name)
            let answers = try await fixture.shop.publish([
                .init(exchange: topic, key: "order.placed"),
                .init(exchange: topic, key: "order.placed", user: fixture.user),
                .init(exchange: topic, key: "payment.succeeded"),
                .init(exchange: topic, key: "order.placed.twice"),
                .init(exchange: topic, key: "order.placed", user: fixture.broker.configuration.user),
                .init(exchange: "\(name).commands", key: "ship"),
                .init(exchange: "\(name).commands", key: "secret"),
                .init(exchange: "\(name).direct", key: "ship"),
                .init(exchange: fixture.topology.delay.entryExchange, key: "0.0.1.\(fixture.queue)"),
                .init(exchange: "", key: fixture.queue),
            ])
            #expect(answers == ["ok", "ok", "403", "403", "406", "ok", "403", "403", "403", "403"])
            #expect(try await fixture.broker.admin.queueDepth(fixture.queue)?.ready == 3)
            #expect(try await fixture.shop.makesQueue("\(fixture.user).answers"))
            #expect(try await !fixture.shop.makesQueue("\(name)s.other"))
        }
    }

    @Test func `the plan shows a permission that was changed, and apply puts it right`() async throws {
        try await PublisherFixture.with(isStrict: false, runs: false) { fixture in
            let management = try #require(fixture.broker.management)
            #expect(try await fixture.differences().isEmpty)
            let open = UserPermission(user: fixture.user, configure: ".*", write: ".*", read: ".*")
            try await management.set(open)
            let everything = TopicPermission(
                user: fixture.user,
                exchange: fixture.topology.events.name,
                write: ".*",
                read: ".*"
            )
            try await management.set(everything)
            let found = try await fixture.differences()
            #expect(found.map(\.kind) == [.drifted, .drifted])
            #expect(Set(found.map(\.object)) == [.permission, .topicPermission])
            let outcome = try await fixture.deployment.apply()
            #expect(Set(outcome.mended) == Set(found))
            #expect(try await fixture.differences().isEmpty)
            let refused = PikaPublisher.Sent(exchange: "", key: fixture.queue)
            #expect(try await fixture.shop.publish([refused]) == ["403"])
        }
    }

    @Test func `a user that no line lists is shown as long as it may publish`() async throws {
        try await PublisherFixture.with(isStrict: false, runs: false) { fixture in
            var other = fixture.topology
            other.publishers?.publishers[0].user = "nobody-\(fixture.broker.name)"
            let deployment = TopologyDeployment(
                of: other,
                on: fixture.broker.admin,
                management: fixture.broker.management,
                user: fixture.broker.configuration.user
            )
            let diff = try await deployment.diff()
            #expect(diff.contains(.extra, .permission, fixture.user))
            #expect(diff.contains(.missing, .user, "nobody-\(fixture.broker.name)"))
        }
    }

    @Test func `strictly, what is not its sender's to send is a dead letter, and is not tried again`() async throws {
        try await PublisherFixture.with(isStrict: true) { fixture in
            let topic = fixture.topology.events.name
            let user = fixture.user
            let sent: [PikaPublisher.Sent] = [
                .init(exchange: topic, key: "order.placed", id: "good", user: user),
                .init(exchange: "\(fixture.broker.name).commands", key: "ship", id: "command", user: user),
                .init(exchange: topic, key: "order.placed", id: "unsigned"),
                .init(exchange: topic, key: "order.placed", id: "renamed", user: user, type: "payment.succeeded"),
                .init(exchange: topic, key: "order.closed", id: "fleet's", user: user),
            ]
            #expect(try await fixture.shop.publish(sent) == ["ok", "ok", "ok", "ok", "ok"])
            let refused = ["unsigned", "renamed", "fleet's"]
            try await eventually("all are settled", within: .seconds(60)) {
                let (dead, handled) = (try await fixture.deadLetters(), try await fixture.orders("true"))
                return dead.count == 3 && handled == 2
            }
            for id in refused {
                #expect(try await fixture.deadLetters()[id] == Failure.unauthorisedPublisher, "\(id)")
            }
            #expect(try await fixture.orders("message_id IN ('good', 'command')") == 2)
            #expect(try await fixture.database.count("SELECT max(attempts) FROM dead_letters") == 1)
            let text = fixture.fleet.metrics.render()
            for reason in ["unsigned", "name", "fleet_only"] {
                let line = text.split(separator: "\n").first {
                    $0.hasPrefix("flotilla_messages_unauthorised_total{") && $0.contains("\"\(reason)\"")
                }
                #expect(line?.hasSuffix(" 1") == true, "\(line ?? "no line of") \(reason)")
            }
        }
    }

    @Test func `strictly, a failing message goes through the ladder, dies, is sent back and succeeds`() async throws {
        try await PublisherFixture.with(isStrict: true) { fixture in
            let failing = PikaPublisher.Sent(
                exchange: fixture.topology.events.name,
                key: "order.placed",
                body: #"{"kind":"fail"}"#,
                id: "m1",
                user: fixture.user
            )
            #expect(try await fixture.shop.publish([failing]) == ["ok"])
            try await eventually("the dead letter", within: .seconds(60)) {
                try await fixture.deadLetters()["m1"] == "broken"
            }
            #expect(try await fixture.database.count("SELECT attempts FROM dead_letters") == 2)
            _ = try await fixture.database.pool.query(SQLStatement("INSERT INTO mended VALUES ('m1')"))
            let store = DeadLetterStore(fixture.database.pool)
            _ = try await store.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "test"))
            try await eventually("the effect", within: .seconds(60)) {
                try await fixture.orders("message_id = 'm1'") == 1
            }
            // Who sent it is known on its last way as on its first.
            let same = "event = 'order.placed' AND routing_key = 'order.placed' AND sender = '\(fixture.user)'"
            #expect(try await fixture.orders(same) == 1)
        }
    }

    @Test func `what was refused and is sent back is judged by the rights of then`() async throws {
        try await PublisherFixture.with(isStrict: true) { fixture in
            let unsigned = PikaPublisher.Sent(exchange: fixture.topology.events.name, key: "order.placed", id: "m1")
            #expect(try await fixture.shop.publish([unsigned]) == ["ok"])
            let store = DeadLetterStore(fixture.database.pool)
            try await eventually("the dead letter", within: .seconds(60)) { try await fixture.deadLetters().count == 1 }
            _ = try await store.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "test"))
            try await eventually("it dies again", within: .seconds(60)) {
                try await fixture.database.count("SELECT count(*) FROM dead_letters") == 2
            }
            #expect(try await fixture.deadLetters()["m1"] == Failure.unauthorisedPublisher)
            #expect(try await fixture.orders("true") == 0)
        }
    }

    @Test func `loosely, everything is handled, and the broker's own dead letters go on`() async throws {
        try await PublisherFixture.with(isStrict: false) { fixture in
            let topic = fixture.topology.events.name
            let sent: [PikaPublisher.Sent] = [
                .init(exchange: topic, key: "order.placed", id: "unsigned"),
                .init(exchange: topic, key: "order.placed", id: "renamed", user: fixture.user, type: "payment.done"),
            ]
            #expect(try await fixture.shop.publish(sent) == ["ok", "ok"])
            // An earlier version of the fleet did not sign what it sent.
            let old = PikaPublisher.Sent(
                exchange: "",
                key: fixture.queue,
                id: "retry",
                headers: [
                    FleetHeader.originQueue: fixture.queue, FleetHeader.originExchange: topic,
                    FleetHeader.originRoutingKey: "order.old",
                ]
            )
            #expect(try await fixture.own.publish([old]) == ["ok"])
            try await eventually("all are handled", within: .seconds(60)) { try await fixture.orders("true") == 3 }
            #expect(try await fixture.orders("event = 'payment.done'") == 1)
            #expect(try await fixture.orders("event = 'order.old' AND exchange = '\(topic)'") == 1)
            #expect(fixture.fleet.metrics.render().contains("flotilla_messages_unauthorised_total{"))
        }
    }

    @Test(arguments: [false, true])
    func `a publisher's headers of the fleet kill no job and say nothing of where a message came from`(isStrict: Bool)
        async throws
    {
        try await PublisherFixture.with(isStrict: isStrict) { fixture in
            let jobs = Jobs(fixture.database.pool, routing: fixture.topology.jobRouting)
            let outcome = try await jobs.enqueue(NewJob(type: "later", payload: Array("{}".utf8)))
            guard case .created(let job) = outcome else { throw TestSetupError(description: "no job: \(outcome)") }
            let before = try await fixture.database.count("SELECT count(*) FROM jobs WHERE state = 'queued'")
            let forged = [
                FleetHeader.jobID: job.id, FleetHeader.originQueue: "x.y", FleetHeader.originExchange: "x",
                FleetHeader.originRoutingKey: "payment.succeeded", FleetHeader.retryCount: "7",
            ]
            let topic = fixture.topology.events.name
            let sent = ["reject", "keep"].map { (kind: String) in
                PikaPublisher.Sent(
                    exchange: topic,
                    key: "order.placed",
                    body: #"{"kind":"\#(kind)"}"#,
                    id: kind,
                    user: fixture.user,
                    headers: forged
                )
            }
            #expect(try await fixture.shop.publish(sent) == ["ok", "ok"])
            try await eventually("both are settled", within: .seconds(60)) {
                let (dead, handled) = (try await fixture.deadLetters(), try await fixture.orders("true"))
                return dead.count == 1 && handled == 1
            }
            let real =
                "exchange = '\(topic)' AND routing_key = 'order.placed' AND event = 'order.placed' AND job_id IS NULL"
            #expect(try await fixture.orders(real) == 1)
            let dead = try await fixture.database.count(
                "SELECT count(*) FROM dead_letters WHERE exchange = '\(topic)' AND routing_key = 'order.placed' AND attempts = 1"
            )
            #expect(dead == 1)
            let after = try await fixture.database.count("SELECT count(*) FROM jobs WHERE state = 'queued'")
            #expect(after == before && before == 1)
        }
    }
}
