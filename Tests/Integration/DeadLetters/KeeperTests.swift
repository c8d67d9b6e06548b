import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable))
struct KeeperTests {
    private typealias Fixture = KeeperFixture

    @Test func `a dead letter is filed as it was, byte for byte, and leaves its queue`() async throws {
        try await Fixture.with { fixture in
            let bodies: [[UInt8]] = [[], [0, 255, 254], Array("{}".utf8), [UInt8](repeating: 7, count: 300_000)]
            let messages = bodies.enumerated().map { fixture.message("m\($0.offset)", body: $0.element) }
            try await fixture.publish(messages.map { fixture.deadLettered($0) })
            #expect(try await fixture.sweep.run() == bodies.count)
            let filed = try await fixture.store.list(limit: 10)
            #expect(filed.map(\.deadLetter.original) == messages.reversed())
            #expect(filed.allSatisfy { $0.deadLetter.attempts == 3 && $0.deadLetter.routingKey == "profile.viewed" })
            #expect(filed.allSatisfy { $0.deadLetter.failure.message == "no answer from host 17" })
            #expect(try await fixture.broker.admin.queueDepth(fixture.queue.deadLetterQueue)?.ready == 0)
            #expect(try await fixture.sweep.run() == 0)
        }
    }

    @Test func `a retry whose queue has gone for good is filed as a dead letter of that queue`() async throws {
        try await Fixture.with { fixture in
            let ladder = fixture.topology.delay
            let target = "\(fixture.broker.name)s.removed"
            let failed = fixture.deadLettered(fixture.message("m"))
            let retry = OutgoingMessage(
                exchange: ladder.entryExchange,
                routingKey: ladder.routingKey(for: .milliseconds(50), to: target),
                message: failed.message
            )
            try await fixture.publish([retry])
            try await eventually("it is filed") { try await fixture.sweep.run() == 1 }
            let filed = try #require(try await fixture.store.list().first?.deadLetter)
            #expect(filed.queue == target)
            #expect(filed.failure.type == "queue_missing")
            #expect(filed.failure.message.hasSuffix("before: no answer from host 17"))
            #expect(filed.original.body == fixture.message("m").body)
            #expect(filed.original.properties == fixture.message("m").properties)
            #expect(filed.routingKey == "profile.viewed")
        }
    }

    @Test func `what the broker dead-letters is filed with its reason and its origin`() async throws {
        try await Fixture.with { fixture in
            var message = fixture.message("m")
            message.properties.expiration = "1"
            let outgoing = OutgoingMessage(
                exchange: fixture.topology.events.name,
                routingKey: "profile.viewed",
                message: message
            )
            try await fixture.publish([outgoing])
            try await eventually("it expires") {
                try await fixture.broker.admin.queueDepth(fixture.queue.deadLetterQueue)?.ready == 1
            }
            try await fixture.sweep.run()
            let deadLetter = try #require(try await fixture.store.list().first?.deadLetter)
            #expect(deadLetter.failure.type == "expired")
            #expect(deadLetter.exchange == fixture.topology.events.name)
            #expect(deadLetter.routingKey == "profile.viewed")
            #expect(deadLetter.queue == fixture.queue.name)
            #expect(deadLetter.message.body == message.body)
        }
    }

    @Test func `a copy that comes again changes nothing, not even after the letter went back`() async throws {
        try await Fixture.with { fixture in
            let dead = fixture.deadLettered(fixture.message("m"))
            try await fixture.publish([dead, dead])
            try await fixture.sweep.run()
            #expect(try await fixture.store.count(DeadLetterFilter()).count == 1)
            _ = try await fixture.store.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "test"))
            try await fixture.publish([dead])
            #expect(try await fixture.sweep.run() == 1)
            #expect(try await fixture.store.count(DeadLetterFilter()).count == 0)
            #expect(try await fixture.store.count(DeadLetterFilter(state: .requeued)).count == 1)
        }
    }

    @Test func `a message that the publisher sends anew and that dies anew is dead again`() async throws {
        try await Fixture.with { fixture in
            try await fixture.publish([fixture.deadLettered(fixture.message("m"))])
            try await fixture.sweep.run()
            _ = try await fixture.store.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "test"))
            try await fixture.publish([
                fixture.deadLettered(fixture.message("m"), error: "other", at: "2026-02-01T00:00:00.000Z")
            ])
            try await fixture.sweep.run()
            #expect(try await fixture.store.list().map(\.deadLetter.failure.message) == ["other"])
        }
    }

    @Test func `the gauges show what stands open`() async throws {
        try await Fixture.with { fixture in
            try await fixture.publish([fixture.deadLettered(fixture.message("m"))])
            let metrics = Metrics()
            let keeper = Keeper(
                topology: fixture.topology,
                broker: fixture.rabbit,
                store: fixture.store,
                metrics: metrics,
                log: fixture.log
            )
            let running = Task { await keeper.run() }
            try await eventually("the depth is shown") {
                metrics.render().contains("flotilla_dlq_depth{queue=\"\(fixture.queue.name)\"} 1.0")
            }
            #expect(metrics.render().contains("flotilla_dlq_oldest_age_seconds{queue=\"\(fixture.queue.name)\"}"))
            running.cancel()
            await running.value
        }
    }

    @Test func `a letter goes back to its queue once, with its record`() async throws {
        try await Fixture.with { fixture in
            let messages = (0..<120).map { fixture.message("m\($0)") }
            try await fixture.publish(messages.map { fixture.deadLettered($0) })
            try await fixture.sweep.run()
            let action = OperatorAction("requeue", by: "ada", because: "the host is mended")
            let outcome = try await fixture.store.requeue(DeadLetterFilter(queue: fixture.queue.name), as: action)
            #expect(outcome.matched == 120)
            #expect(outcome.changed == 120)
            try await fixture.relay()
            #expect(try await fixture.broker.admin.queueDepth(fixture.queue.name)?.ready == 120)
            let (back, exchange, key) = try #require(try await fixture.broker.admin.get(fixture.queue.name))
            #expect(exchange == "")
            #expect(key == fixture.queue.name)
            #expect(back.body == messages[0].body)
            #expect(back.headers[FleetHeader.replayOperationID]?.text == outcome.operationID)
            #expect(back.headers[FleetHeader.originRoutingKey] == "profile.viewed")
            var seen = Republication.restore(back)
            seen.headers[FleetHeader.replayOf] = nil
            seen.headers[FleetHeader.replayOperationID] = nil
            // The broker keeps no order of headers.
            #expect(Set(seen.headers.entries) == Set(messages[0].headers.entries))
            #expect(seen.properties == messages[0].properties)
            let row = try #require(
                try await fixture.database.pool.query(
                    SQLStatement("SELECT actor, reason, matched, changed, state FROM operator_actions")
                ).first
            )
            #expect(row.text(0) == "ada")
            #expect(row.text(1) == "the host is mended")
            #expect(row.int(2) == 120)
            #expect(row.int(3) == 120)
            #expect(row.text(4) == "completed")
            let again = try await fixture.store.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "ada"))
            #expect(again.matched == 0)
        }
    }

    @Test func `a letter that dies and goes back twice is the message that it was`() async throws {
        try await Fixture.with { fixture in
            let message = fixture.message("m")
            try await fixture.publish([fixture.deadLettered(message)])
            for round in 1...2 {
                try await fixture.sweep.run()
                let outcome = try await fixture.store.requeue(
                    DeadLetterFilter(),
                    as: OperatorAction("requeue", by: "ada")
                )
                #expect(outcome.changed == 1)
                try await fixture.relay()
                let (back, _, _) = try #require(try await fixture.broker.admin.get(fixture.queue.name))
                var seen = Republication.restore(back)
                seen.headers[FleetHeader.replayOf] = nil
                seen.headers[FleetHeader.replayOperationID] = nil
                #expect(Set(seen.headers.entries) == Set(message.headers.entries), "round \(round)")
                #expect(seen.properties == message.properties, "round \(round)")
                #expect(seen.body == message.body, "round \(round)")
                try await fixture.publish([fixture.deadLettered(back)])
            }
        }
    }

    @Test func `a limit takes the oldest, and two operators never send the same letter twice`() async throws {
        try await Fixture.with { fixture in
            try await fixture.publish((0..<100).map { fixture.deadLettered(fixture.message("m\($0)")) })
            try await fixture.sweep.run()
            let one = try await fixture.store.requeue(
                DeadLetterFilter(),
                limit: 10,
                as: OperatorAction("requeue", by: "one")
            )
            #expect(one.changed == 10)
            let store = fixture.store
            async let left = store.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "two"))
            async let right = store.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "three"))
            _ = try await (left, right)
            try await fixture.relay()
            let depth = try await fixture.broker.admin.queueDepth(fixture.queue.name)?.ready
            let rest = try await fixture.store.count(DeadLetterFilter()).count
            #expect((depth ?? 0) + rest == 100)
            #expect(try await fixture.store.count(DeadLetterFilter(state: .requeued)).count == depth)
        }
    }

    @Test func `dead letters are found by queue, group, type, time and text, page by page`() async throws {
        try await Fixture.with { fixture in
            try await fixture.publish([
                fixture.deadLettered(fixture.message("one"), error: "host 17 is down"),
                fixture.deadLettered(fixture.message("two"), error: "host 9 is down"),
                fixture.deadLettered(
                    fixture.message("three", body: Array("needle in the body".utf8)),
                    error: "no such user"
                ),
            ])
            try await fixture.sweep.run()
            func ids(_ filter: DeadLetterFilter) async throws -> [String?] {
                try await fixture.store.list(filter).map(\.deadLetter.messageID)
            }
            let groups = try await fixture.store.groups()
            #expect(groups.map(\.count) == [2, 1])
            #expect(groups.first?.queues == [fixture.queue.name])
            #expect(try await ids(DeadLetterFilter(group: groups.first?.fingerprint)) == ["two", "one"])
            #expect(try await ids(DeadLetterFilter(text: "NO SUCH")) == ["three"])
            #expect(try await ids(DeadLetterFilter(text: "needle")) == ["three"])
            #expect(try await ids(DeadLetterFilter(text: "c-one")) == ["one"])
            #expect(try await ids(DeadLetterFilter(text: "100%")) == [])
            #expect(try await ids(DeadLetterFilter(queue: "other")) == [])
            #expect(try await ids(DeadLetterFilter(errorType: "timeout")).count == 3)
            #expect(try await ids(DeadLetterFilter(since: Int64.max / 2)) == [])
            let first = try await fixture.store.list(limit: 2)
            #expect(first.map(\.deadLetter.messageID) == ["three", "two"])
            let next = try await fixture.store.list(after: first.last?.filing.id, limit: 2)
            #expect(next.map(\.deadLetter.messageID) == ["one"])
            #expect(try await fixture.store.get(next[0].filing.id) == next[0])
            #expect(try await fixture.store.get(-1) == nil)
        }
    }
}
