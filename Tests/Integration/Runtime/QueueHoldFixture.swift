import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

@testable import Workers

/// Workers of two queues, each with a table of its own, on real servers.
struct QueueHoldFixture: Sendable {
    struct Payload: Decodable, Sendable {}

    /// Writes into the table that its queue is called after.
    struct Writer: Worker {
        static let name = "w"

        func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
            let table = context.queue.hasSuffix(".a") ? "table_a" : "table_b"
            _ = try await context.transaction { transaction in
                try await transaction.execute(
                    SQLStatement("INSERT INTO \(table) (id) VALUES ($1)", [.text(context.messageID)])
                )
            }
            return .done
        }
    }

    let broker: TestBroker
    let database: TestDatabase
    let topology: Topology
    let configuration: FleetConfiguration
    let publisher: any MessagePublisher

    /// - Parameter role: whose rights the workers have; that of the database's URL unless given.
    static func with(role: String? = nil, _ body: (QueueHoldFixture) async throws -> Void) async throws {
        try await TestBroker.with { broker in
            try await TestDatabase.with(migrated: true) { database in
                for table in ["table_a", "table_b"] { try await database.execute("CREATE TABLE \(table) (id text)") }
                let topology = broker.topology([broker.queue("a", key: "a"), broker.queue("b", key: "b")])
                try await broker.deploy(topology)
                let folder = FileManager.default.temporaryDirectory.appending(path: "holding.\(UUID().uuidString)")
                defer { try? FileManager.default.removeItem(at: folder) }
                let rabbit = RabbitMQBroker(broker.configuration)
                try await rabbit.closing {
                    try await body(
                        QueueHoldFixture(
                            broker: broker,
                            database: database,
                            topology: topology,
                            configuration: FleetConfiguration(
                                topology: topology,
                                rabbitMQ: try TestServers.url("RABBITMQ_URL"),
                                postgres: database.url + (role.map { "%20-crole%3D\($0)" } ?? ""),
                                redis: try TestServers.url("REDIS_URL"),
                                stateFolder: folder.path,
                                drain: .seconds(10),
                                relaysOutbox: false,
                                log: Log(service: "test", threshold: .error, descriptor: -1)
                            ),
                            publisher: try await rabbit.publisher(named: "test")
                        )
                    )
                }
            }
        }
    }

    func withFleet(_ body: (Fleet) async throws -> Void) async throws {
        let fleet = try Fleet(configuration)
        try fleet.register(Writer())
        let running = Task { try await fleet.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(fleet)) } catch { result = .failure(error) }
        fleet.shutdown()
        try await running.value
        try result.get()
    }

    func publish(_ count: Int, _ key: String) async throws {
        let messages = (0..<count).map { _ in
            var message = Message(body: Array("{}".utf8))
            message.properties.messageID = UUID().uuidString
            return OutgoingMessage(exchange: topology.events.name, routingKey: key, message: message)
        }
        let results = await publisher.publish(messages)
        #expect(results.filter { !$0.isConfirmed }.isEmpty)
    }

    func rows(_ table: String) async throws -> Int { try await database.count("SELECT count(*) FROM \(table)") }

    func consumers(of queue: QueueDefinition) async throws -> Int? {
        try await broker.admin.queueDepth(queue.name)?.consumers
    }
}

extension TestDatabase {
    /// Runs one statement.
    func execute(_ sql: String) async throws { _ = try await pool.query(SQLStatement(sql)) }
}
