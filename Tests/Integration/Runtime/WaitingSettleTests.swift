import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing
import Workers

/// What a worker can't publish does not hold its slot.
@Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable))
struct WaitingSettleTests {
    /// Fails as the message says, and notes what it has done.
    private struct Picky: Worker {
        struct Payload: Decodable, Sendable { let outcome: String }

        static let name = "w"
        let seen: Seen

        func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
            seen.note(payload.outcome)
            switch payload.outcome {
            case "reject": return .reject(reason: "no")
            case "fail": throw RetryLater(after: .milliseconds(100), reason: "not yet")
            default: return .done
            }
        }
    }

    private final class Seen: Sendable {
        private let outcomes = Mutex<[String]>([])

        func note(_ outcome: String) { outcomes.withLock { $0.append(outcome) } }

        func count(_ outcome: String) -> Int { outcomes.withLock { $0.filter { $0 == outcome }.count } }
    }

    private struct Fixture: Sendable {
        let broker: TestBroker
        let database: TestDatabase
        let topology: Topology
        let queue: QueueDefinition
        let publisher: any MessagePublisher
        let seen: Seen

        func publish(_ outcome: String, id: String) async throws {
            var message = Message(body: Array(#"{"outcome":"\#(outcome)"}"#.utf8))
            message.properties.messageID = id
            message.headers["kept"] = .string("as it was")
            let result = await publisher.publish([
                OutgoingMessage(exchange: "\(broker.name).topic", routingKey: "a.b", message: message)
            ])
            guard result[0].isConfirmed else { throw TestSetupError(description: "\(result)") }
        }

        func waiting() async throws -> Int {
            try await database.count("SELECT count(*) FROM outbox WHERE waiting_for = '\(queue.name)'")
        }
    }

    /// One slot, which a message that waits in it would block; nothing is declared again by itself.
    private func with(_ body: (Fixture) async throws -> Void) async throws {
        try await TestBroker.with { broker in
            try await TestDatabase.with(schema: [.core]) { database in
                var queue = broker.queue("a", key: "a.b")
                queue.concurrency = 1
                queue.retry.attempts = 2
                let topology = broker.topology([queue])
                try await broker.deploy(topology)
                let folder = FileManager.default.temporaryDirectory.appending(path: "waiting.\(UUID().uuidString)")
                defer { try? FileManager.default.removeItem(at: folder) }
                let fleet = try Fleet(
                    FleetConfiguration(
                        topology: topology,
                        rabbitMQ: try TestServers.url("RABBITMQ_URL"),
                        postgres: database.url,
                        stateFolder: folder.path,
                        repairsTopology: false,
                        log: Log(service: "test", threshold: .error, descriptor: -1)
                    )
                )
                let seen = Seen()
                try fleet.register(Picky(seen: seen))
                let publisher = try await RabbitMQBroker(broker.configuration).publisher(named: "test")
                let running = Task { try await fleet.run() }
                let fixture = Fixture(
                    broker: broker,
                    database: database,
                    topology: topology,
                    queue: queue,
                    publisher: publisher,
                    seen: seen
                )
                let result: Result<Void, any Error>
                do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
                fleet.shutdown()
                try await running.value
                await publisher.close()
                try result.get()
            }
        }
    }

    @Test func `a dead letter without its queue waits in Postgres, good messages go on, and it comes by itself`()
        async throws
    {
        try await with { fixture in
            try await fixture.publish("done", id: "first")
            try await eventually("it runs") { fixture.seen.count("done") == 1 }
            try await fixture.broker.admin.deleteQueue(fixture.queue.deadLetterQueue)
            try await fixture.publish("reject", id: "bad")
            try await eventually("it waits in Postgres") { try await fixture.waiting() == 1 }
            try await fixture.publish("done", id: "good")
            try await eventually("the slot is free") { fixture.seen.count("done") == 2 }
            try await fixture.broker.deploy(fixture.topology)
            var letter: Message?
            try await eventually("the letter is where it belongs") {
                letter = try await fixture.broker.admin.get(fixture.queue.deadLetterQueue)?.message
                return letter != nil
            }
            #expect(letter?.properties.messageID == "bad")
            #expect(letter?.headers["kept"]?.text == "as it was")
            #expect(letter?.headers[FleetHeader.errorType]?.text == "rejected")
            try await eventually("none waits") { try await fixture.waiting() == 0 }
            #expect(fixture.seen.count("reject") == 1)
        }
    }

    @Test func `a retry without the ladder comes back from Postgres, with its attempts`() async throws {
        try await with { fixture in
            try await fixture.publish("done", id: "first")
            try await eventually("it runs") { fixture.seen.count("done") == 1 }
            let ladder = fixture.topology.delay
            try await fixture.broker.admin.deleteExchange(ladder.entryExchange)
            try await fixture.publish("fail", id: "bad")
            try await eventually("it has run twice") { fixture.seen.count("fail") == 2 }
            var letter: Message?
            try await eventually("after two attempts it is dead") {
                letter = try await fixture.broker.admin.get(fixture.queue.deadLetterQueue)?.message
                return letter != nil
            }
            #expect(letter?.headers[FleetHeader.retryCount]?.integer == 2)
            #expect(letter?.headers["kept"]?.text == "as it was")
            #expect(fixture.seen.count("fail") == 2)
        }
    }

    @Test func `two copies of one retry are kept once`() async throws {
        try await TestDatabase.with(schema: [.core]) { database in
            let message = OutgoingMessage(exchange: "", routingKey: "a.b", message: Message(body: [1]))
            for _ in 0..<2 {
                _ = try await database.pool.query(Outbox.keep(message, after: .seconds(60), for: "a.b", key: "k"))
            }
            #expect(try await database.count("SELECT count(*) FROM outbox") == 1)
            #expect(try await database.count("SELECT count(*) FROM outbox WHERE not_before > now()") == 1)
        }
    }
}
