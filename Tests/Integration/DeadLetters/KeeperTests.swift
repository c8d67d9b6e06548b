import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

/// A broker with one queue, a database, and what stands between them.
private struct Scene: Sendable {
    let broker: TestBroker
    let rabbit: RabbitMQBroker
    let database: TestDatabase
    let topology: Topology
    let queue: QueueDefinition
    let log = Log(service: "test", threshold: .error)

    var files: DeadLetters { DeadLetters(database.pool) }
    var collection: DeadLetterCollection {
        DeadLetterCollection(topology: topology, broker: rabbit, files: files, observers: [], log: log)
    }

    static func with(_ body: (Scene) async throws -> Void) async throws {
        try await TestBroker.with { broker in
            try await TestDatabase.with(migrated: true) { database in
                let queue = broker.queue("a", key: "profile.viewed")
                let topology = broker.topology([queue])
                try await broker.deploy(topology)
                let rabbit = RabbitMQBroker(broker.configuration)
                try await rabbit.closing {
                    try await body(
                        Scene(broker: broker, rabbit: rabbit, database: database, topology: topology, queue: queue)
                    )
                }
            }
        }
    }

    func publish(_ messages: [OutgoingMessage]) async throws {
        let publisher = try await rabbit.publisher(named: "test")
        let results = await publisher.publish(messages)
        #expect(results.filter { !$0.isConfirmed }.isEmpty)
        await publisher.close()
    }

    /// As the runtime buries a message after its last attempt.
    func buried(_ message: Message, error: String = "no answer from host 17", at time: String? = nil) -> OutgoingMessage
    {
        let delivery = Delivery(
            message: message,
            queue: queue.name,
            exchange: topology.events.name,
            routingKey: "profile.viewed",
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
        return FailedDelivery(
            delivery: delivery,
            messageID: message.properties.messageID ?? UUID().uuidString,
            failure: Failure(type: "timeout", message: error, isPermanent: false),
            failures: 3,
            maxAttempts: 3,
            worker: "host-1",
            failedAt: time ?? "2026-01-30T03:00:00.000Z"
        ).buried()
    }

    func message(_ id: String, body: [UInt8] = Array(#"{"a":1}"#.utf8)) -> Message {
        var message = Message(headers: ["tenant": .table(["blob": .bytes([0, 255])]), "nul": "a\u{0}b"], body: body)
        message.properties.messageID = id
        message.properties.correlationID = "c-\(id)"
        message.properties.expiration = "60000"
        return message
    }

    /// Publishes what the outbox holds, as the relay does.
    func relay() async throws {
        let claimed = try await database.pool.pipeline(Outbox.claim(limit: 1_000)).flatMap { Outbox.claimed($0) }
        try await publish(try claimed.map { try $0.message.get() })
        _ = try await database.pool.pipeline(Outbox.confirmed(claimed))
    }
}

@Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable))
struct KeeperTests {
    @Test func `a dead letter is filed as it was, byte for byte, and leaves its queue`() async throws {
        try await Scene.with { scene in
            let bodies: [[UInt8]] = [[], [0, 255, 254], Array("{}".utf8), [UInt8](repeating: 7, count: 300_000)]
            let messages = bodies.enumerated().map { scene.message("m\($0.offset)", body: $0.element) }
            try await scene.publish(messages.map { scene.buried($0) })
            #expect(try await scene.collection.collect() == bodies.count)
            let filed = try await scene.files.list(limit: 10)
            #expect(filed.map(\.letter.original) == messages.reversed())
            #expect(filed.allSatisfy { $0.letter.attempts == 3 && $0.letter.routingKey == "profile.viewed" })
            #expect(filed.allSatisfy { $0.letter.failure.message == "no answer from host 17" })
            #expect(try await scene.broker.admin.queueDepth(scene.queue.deadLetterQueue)?.ready == 0)
            #expect(try await scene.collection.collect() == 0)
        }
    }

    @Test func `what the broker dead-letters is filed with its reason and its origin`() async throws {
        try await Scene.with { scene in
            var message = scene.message("m")
            message.properties.expiration = "1"
            let outgoing = OutgoingMessage(
                exchange: scene.topology.events.name,
                routingKey: "profile.viewed",
                message: message
            )
            try await scene.publish([outgoing])
            try await eventually("it expires") {
                try await scene.broker.admin.queueDepth(scene.queue.deadLetterQueue)?.ready == 1
            }
            try await scene.collection.collect()
            let letter = try #require(try await scene.files.list().first?.letter)
            #expect(letter.failure.type == "expired")
            #expect(letter.exchange == scene.topology.events.name)
            #expect(letter.routingKey == "profile.viewed")
            #expect(letter.queue == scene.queue.name)
            #expect(letter.message.body == message.body)
        }
    }

    @Test func `a copy that comes again changes nothing, not even after the letter went back`() async throws {
        try await Scene.with { scene in
            let dead = scene.buried(scene.message("m"))
            try await scene.publish([dead, dead])
            try await scene.collection.collect()
            #expect(try await scene.files.count(DeadLetterFilter()).count == 1)
            _ = try await scene.files.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "test"))
            try await scene.publish([dead])
            #expect(try await scene.collection.collect() == 1)
            #expect(try await scene.files.count(DeadLetterFilter()).count == 0)
            #expect(try await scene.files.count(DeadLetterFilter(state: .requeued)).count == 1)
        }
    }

    @Test func `a message that the publisher sends anew and that dies anew is dead again`() async throws {
        try await Scene.with { scene in
            try await scene.publish([scene.buried(scene.message("m"))])
            try await scene.collection.collect()
            _ = try await scene.files.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "test"))
            try await scene.publish([scene.buried(scene.message("m"), error: "other", at: "2026-02-01T00:00:00.000Z")])
            try await scene.collection.collect()
            #expect(try await scene.files.list().map(\.letter.failure.message) == ["other"])
        }
    }

    @Test func `while Postgres is out the messages stay, and are filed when it is back`() async throws {
        try await Scene.with { scene in
            let schema = scene.database.schema
            let messages = (0..<50).map { scene.buried(scene.message("m\($0)")) }
            _ = try await scene.database.pool.query(
                SQLStatement("ALTER TABLE \(schema).dead_letters RENAME TO dead_letters_away")
            )
            try await scene.publish(messages)
            let keeper = Keeper(
                topology: scene.topology,
                broker: scene.rabbit,
                files: scene.files,
                log: Log(service: "test", threshold: .error, descriptor: -1)
            )
            let running = Task { await keeper.run() }
            try await eventually("the keeper has taken some") {
                (try await scene.broker.admin.queueDepth(scene.queue.deadLetterQueue)?.ready ?? 50) < 50
            }
            _ = try await scene.database.pool.query(
                SQLStatement("ALTER TABLE \(schema).dead_letters_away RENAME TO dead_letters")
            )
            try await eventually("all are filed", within: .seconds(20)) {
                try await scene.files.count(DeadLetterFilter()).count == 50
            }
            running.cancel()
            await running.value
            #expect(try await scene.broker.admin.queueDepth(scene.queue.deadLetterQueue)?.ready == 0)
        }
    }

    @Test func `the gauges show what stands open`() async throws {
        try await Scene.with { scene in
            try await scene.publish([scene.buried(scene.message("m"))])
            let metrics = Metrics()
            let keeper = Keeper(
                topology: scene.topology,
                broker: scene.rabbit,
                files: scene.files,
                metrics: metrics,
                log: scene.log
            )
            let running = Task { await keeper.run() }
            try await eventually("the depth is shown") {
                metrics.render().contains("flotilla_dlq_depth{queue=\"\(scene.queue.name)\"} 1.0")
            }
            #expect(metrics.render().contains("flotilla_dlq_oldest_age_seconds{queue=\"\(scene.queue.name)\"}"))
            running.cancel()
            await running.value
        }
    }

    @Test func `a letter goes back to its queue once, with its record`() async throws {
        try await Scene.with { scene in
            let messages = (0..<120).map { scene.message("m\($0)") }
            try await scene.publish(messages.map { scene.buried($0) })
            try await scene.collection.collect()
            let action = OperatorAction("requeue", by: "ada", because: "the host is mended")
            let outcome = try await scene.files.requeue(DeadLetterFilter(queue: scene.queue.name), as: action)
            #expect(outcome.matched == 120)
            #expect(outcome.changed == 120)
            try await scene.relay()
            #expect(try await scene.broker.admin.queueDepth(scene.queue.name)?.ready == 120)
            let (back, exchange, key) = try #require(try await scene.broker.admin.get(scene.queue.name))
            #expect(exchange == "")
            #expect(key == scene.queue.name)
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
                try await scene.database.pool.query(
                    SQLStatement("SELECT actor, reason, matched, changed, state FROM operator_actions")
                ).first
            )
            #expect(row.text(0) == "ada")
            #expect(row.text(1) == "the host is mended")
            #expect(row.int(2) == 120)
            #expect(row.int(3) == 120)
            #expect(row.text(4) == "completed")
            let again = try await scene.files.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "ada"))
            #expect(again.matched == 0)
        }
    }

    @Test func `a limit takes the oldest, and two operators never send the same letter twice`() async throws {
        try await Scene.with { scene in
            try await scene.publish((0..<100).map { scene.buried(scene.message("m\($0)")) })
            try await scene.collection.collect()
            let one = try await scene.files.requeue(
                DeadLetterFilter(),
                limit: 10,
                as: OperatorAction("requeue", by: "one")
            )
            #expect(one.changed == 10)
            let files = scene.files
            async let left = files.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "two"))
            async let right = files.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "three"))
            _ = try await (left, right)
            try await scene.relay()
            let depth = try await scene.broker.admin.queueDepth(scene.queue.name)?.ready
            let rest = try await scene.files.count(DeadLetterFilter()).count
            #expect((depth ?? 0) + rest == 100)
            #expect(try await scene.files.count(DeadLetterFilter(state: .requeued)).count == depth)
        }
    }

    @Test func `letters are found by queue, group, type, time and text, page by page`() async throws {
        try await Scene.with { scene in
            try await scene.publish([
                scene.buried(scene.message("one"), error: "host 17 is down"),
                scene.buried(scene.message("two"), error: "host 9 is down"),
                scene.buried(scene.message("three", body: Array("needle in the body".utf8)), error: "no such user"),
            ])
            try await scene.collection.collect()
            func ids(_ filter: DeadLetterFilter) async throws -> [String?] {
                try await scene.files.list(filter).map(\.letter.messageID)
            }
            let groups = try await scene.files.groups()
            #expect(groups.map(\.count) == [2, 1])
            #expect(groups.first?.queues == [scene.queue.name])
            #expect(try await ids(DeadLetterFilter(group: groups.first?.fingerprint)) == ["two", "one"])
            #expect(try await ids(DeadLetterFilter(text: "NO SUCH")) == ["three"])
            #expect(try await ids(DeadLetterFilter(text: "needle")) == ["three"])
            #expect(try await ids(DeadLetterFilter(text: "c-one")) == ["one"])
            #expect(try await ids(DeadLetterFilter(text: "100%")) == [])
            #expect(try await ids(DeadLetterFilter(queue: "other")) == [])
            #expect(try await ids(DeadLetterFilter(errorType: "timeout")).count == 3)
            #expect(try await ids(DeadLetterFilter(since: Int64.max / 2)) == [])
            let first = try await scene.files.list(limit: 2)
            #expect(first.map(\.letter.messageID) == ["three", "two"])
            let next = try await scene.files.list(after: first.last?.filing.id, limit: 2)
            #expect(next.map(\.letter.messageID) == ["one"])
            #expect(try await scene.files.get(next[0].filing.id) == next[0])
            #expect(try await scene.files.get(-1) == nil)
        }
    }
}
