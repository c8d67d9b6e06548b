import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing
import Workers

/// A domain of another team: its table, a worker that writes to it, and what it does about dead letters.
private struct Harvest: FleetModule {
    let name = "harvest-\(UInt32.random(in: 0...UInt32.max))"
    let migrations = [
        Migration(
            number: 1,
            name: "apples",
            sql: "CREATE TABLE apples (kind text PRIMARY KEY); CREATE TABLE rotten (kind text PRIMARY KEY)"
        )
    ]
    let queue: String
    let closed = Counter()
    var startsWell = true

    struct Rotten: DeadLetterObserver {
        let queues: Set<String>

        func stored(_ deadLetters: [DeadMessage], in transaction: DeadLetterTransaction) async throws {
            for letter in deadLetters {
                try await transaction.execute(
                    SQLStatement(
                        "INSERT INTO rotten (kind) VALUES ($1) ON CONFLICT DO NOTHING",
                        [.text(letter.messageID ?? "")]
                    )
                )
            }
        }
    }

    struct Picker: Worker {
        static let name = "w"
        struct Payload: Decodable, Sendable { let kind: String }

        func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
            _ = try await context.transaction { transaction in
                try await transaction.execute(
                    SQLStatement("INSERT INTO apples (kind) VALUES ($1)", [.text(payload.kind)])
                )
            }
            return .done
        }
    }

    var deadLetterObservers: [any DeadLetterObserver] { [Rotten(queues: [queue])] }

    func start(in context: ModuleContext) throws -> ModuleParts {
        guard startsWell else { throw FleetError(code: .configuration, detail: "no ladder") }
        let closed = closed
        return ModuleParts(workers: [WorkerRegistration(Picker())], close: { closed.increment() })
    }
}

private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .relaxed) }
    func increment() { value.add(1, ordering: .relaxed) }
}

/// A process of another team, on real servers.
@Suite(.enabled(if: TestDatabase.isAvailable && TestBroker.isAvailable))
struct FleetModuleTests {
    private struct Fixture {
        let database: TestDatabase
        let harvest: Harvest
        let configuration: FleetConfiguration
        let publish: (String, String) async throws -> Void
    }

    private func with(_ body: (Fixture) async throws -> Void) async throws {
        let url = try #require(ProcessInfo.processInfo.environment["RABBITMQ_URL"])
        try await TestBroker.with { broker in
            try await TestDatabase.with { database in
                let queue = broker.queue("picked", key: "apple.picked")
                let topology = broker.topology([queue])
                try await broker.deploy(topology)
                let rabbit = RabbitMQBroker(broker.configuration)
                let publisher = try await rabbit.publisher(named: "test")
                let folder = "/tmp/flotilla-modules-\(UUID().uuidString.prefix(8))"
                defer { try? FileManager.default.removeItem(atPath: folder) }
                let configuration = FleetConfiguration(
                    topology: topology,
                    rabbitMQ: url,
                    postgres: database.url,
                    stateFolder: folder,
                    drain: .seconds(10),
                    log: Log(service: "test", threshold: .error)
                )
                let fixture = Fixture(
                    database: database,
                    harvest: Harvest(queue: queue.name),
                    configuration: configuration
                ) { id, body in
                    var message = Message(body: Array(body.utf8))
                    message.properties.messageID = id
                    let outgoing = OutgoingMessage(
                        exchange: topology.events.name,
                        routingKey: "apple.picked",
                        message: message
                    )
                    #expect(await publisher.publish([outgoing])[0].isConfirmed)
                }
                try await body(fixture)
                await publisher.close()
                await rabbit.close()
            }
        }
    }

    @Test func `workers wait until the tables are there, and lose nothing meanwhile`() async throws {
        try await with { fixture in
            let fleet = try await Fleet(fixture.configuration, modules: [fixture.harvest])
            try await fixture.publish("m-1", #"{"kind":"Boskoop"}"#)
            let running = Task { try await fleet.run() }
            try await eventually("a session that asks for the tables") {
                try await fixture.database.count(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%schema_migrations%' AND query NOT LIKE '%pg_stat_activity%'"
                ) > 0
            }
            #expect(!fleet.isRunning)
            try await fleet.migrate()
            try await eventually("the effect") {
                try await fixture.database.count("SELECT count(*) FROM apples") == 1
            }
            #expect(try await fixture.database.count("SELECT count(*) FROM inbox") == 1)
            fleet.shutdown()
            try await running.value
            #expect(fixture.harvest.closed.count == 1)
        }
    }

    @Test func `a fleet that is told to stop while it waits for tables ends`() async throws {
        try await with { fixture in
            let fleet = try await Fleet(fixture.configuration, modules: [fixture.harvest])
            let running = Task { try await fleet.run() }
            fleet.shutdown()
            try await running.value
            #expect(fixture.harvest.closed.count == 1)
        }
    }

    @Test func `a process with a keeper stores its dead letters and tells its modules' observers`() async throws {
        try await with { fixture in
            let fleet = try await Fleet(fixture.configuration, modules: [KeeperModule(), fixture.harvest])
            try await fleet.migrate()
            let running = Task { try await fleet.run() }
            try await fixture.publish("m-2", "{}")
            try await eventually("the observer's row") {
                try await fixture.database.count("SELECT count(*) FROM rotten WHERE kind = 'm-2'") == 1
            }
            #expect(try await fixture.database.count("SELECT count(*) FROM dead_letters") == 1)
            fleet.shutdown()
            try await running.value
        }
    }

    @Test func `when a module can't start, what others have started is closed`() async throws {
        try await with { fixture in
            var second = Harvest(queue: "none")
            second.startsWell = false
            let modules: [any FleetModule] = [fixture.harvest, second]
            await #expect(throws: FleetError.self) { try await Fleet(fixture.configuration, modules: modules) }
            #expect(fixture.harvest.closed.count == 1)
        }
    }
}
