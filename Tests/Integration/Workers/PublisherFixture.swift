import FlotillaDeadLetters
import FlotillaManagement
import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing
import Workers

/// A fleet with a queue of orders, and the user of a shop on its broker.
struct PublisherFixture: Sendable {
    let broker: TestBroker
    let database: TestDatabase
    let topology: Topology
    let user: String
    let password: String
    let fleet: Fleet

    static let isAvailable = TestBroker.hasManagement && TestDatabase.isAvailable && PikaPublisher.isInstalled

    var queue: String { topology.queues[0].name }
    var shop: PikaPublisher { PikaPublisher(url: url(user, password)) }
    /// A publisher with the fleet's own user.
    var own: PikaPublisher {
        PikaPublisher(url: url(broker.configuration.user, broker.configuration.password.revealed))
    }
    var deployment: TopologyDeployment {
        TopologyDeployment(
            of: topology,
            on: broker.admin,
            management: broker.management,
            control: broker.management,
            user: broker.configuration.user
        )
    }

    /// What differs about the shop's user; tests beside this one have users of their own.
    func differences() async throws -> [TopologyDiff.Difference] {
        try await deployment.diff().differences.filter { $0.name.hasPrefix(user) }
    }

    private func url(_ user: String, _ password: String) -> String {
        let configuration = broker.configuration
        let host = configuration.virtualHost == "/" ? "%2f" : configuration.virtualHost
        return "amqp://\(user):\(password)@\(configuration.host):\(configuration.port)/\(host)"
    }

    /// - Parameter runs: whether the fleet's workers run.
    static func with(
        isStrict: Bool,
        runs: Bool = true,
        _ body: (PublisherFixture) async throws -> Void
    ) async throws {
        let address = try #require(ProcessInfo.processInfo.environment["RABBITMQ_URL"])
        try await TestBroker.with { broker in
            try await TestDatabase.with(migrated: true) { database in
                let user = "\(broker.name)-shop"
                var queue = broker.queue("placed", key: "order.#")
                queue.bindings.append(QueueBinding(exchange: "\(broker.name).direct", key: "ship"))
                queue.bindings.append(QueueBinding(exchange: "\(broker.name).direct", key: "secret"))
                queue.retry = RetryPolicy(attempts: 2, base: .milliseconds(50))
                var topology = broker.topology([queue])
                topology.publishers = PublisherList(
                    [
                        Publisher(
                            service: "shop",
                            user: user,
                            events: ["order.*"],
                            commands: ["ship"],
                            reply: "\(user).#"
                        )
                    ],
                    isStrict: isStrict
                )
                topology.openToPublishers()
                let management = try #require(broker.management)
                let password = RandomBytes.make(12).hexadecimal
                try await management.setUser(user, password: Secret(password))
                let folder = "/tmp/flotilla-publishers-\(UUID().uuidString.prefix(8))"
                var configuration = FleetConfiguration(
                    topology: topology,
                    rabbitMQ: address,
                    postgres: database.url,
                    stateFolder: folder,
                    drain: .seconds(10),
                    log: Log(service: "test", threshold: .error)
                )
                configuration.fleetOnly = .init(events: ["order.closed"])
                let modules: [any FleetModule] = [KeeperModule(), OrderModule()]
                let fleet = try await Fleet(configuration, modules: modules)
                try await fleet.migrate()
                let fixture = PublisherFixture(
                    broker: broker,
                    database: database,
                    topology: topology,
                    user: user,
                    password: password,
                    fleet: fleet
                )
                let result: Result<Void, any Error>
                do {
                    _ = try await fixture.deployment.apply()
                    let running = Task { if runs { try await fleet.run() } }
                    let outcome: Result<Void, any Error>
                    do { outcome = .success(try await body(fixture)) } catch { outcome = .failure(error) }
                    fleet.shutdown()
                    if runs { try await running.value } else { try await fleet.run() }
                    result = outcome
                } catch { result = .failure(error) }
                try? await broker.admin.deleteExchange("\(broker.name).commands")
                try? await PikaPublisher.delete(user: user)
                try? FileManager.default.removeItem(atPath: folder)
                try result.get()
            }
        }
    }

    func orders(_ condition: String) async throws -> Int {
        try await database.count("SELECT count(*) FROM orders WHERE \(condition)")
    }

    /// The types of errors of the dead letters that have been filed, by message id.
    func deadLetters() async throws -> [String: String] {
        let rows = try await database.pool.query(
            SQLStatement("SELECT message_id, error_type FROM dead_letters WHERE state = 'dead'")
        )
        return Dictionary(rows.map { ($0.text(0) ?? "", $0.text(1) ?? "") }) { first, _ in first }
    }
}

/// Writes down what a message is; fails for as long as it is told to.
private struct OrderModule: FleetModule {
    let name = "orders-\(UInt32.random(in: 0...UInt32.max))"
    let migrations = [
        Migration(
            number: 1,
            name: "orders",
            sql: """
                CREATE TABLE orders (message_id text, event text, exchange text, routing_key text, job_id text, sender text);
                CREATE TABLE mended (message_id text)
                """
        )
    ]

    struct Broken: Error {}

    struct OrderWorker: Worker {
        static let name = "w"
        struct Payload: Decodable, Sendable { let kind: String? }

        func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
            if payload.kind == "reject" { return .reject(reason: "told to") }
            _ = try await context.transaction { transaction in
                if payload.kind == "fail" {
                    let mended = try await transaction.execute(SQLStatement("SELECT FROM mended"))
                    if mended.isEmpty { throw Broken() }
                }
                try await transaction.execute(
                    SQLStatement(
                        "INSERT INTO orders VALUES ($1, $2, $3, $4, $5, $6)",
                        [
                            .text(context.messageID), .text(context.event), .text(context.exchange),
                            .text(context.routingKey), context.jobID.map { .text($0) } ?? .null,
                            context.message.properties.userID.map { .text($0) } ?? .null,
                        ]
                    )
                )
            }
            return .done
        }
    }

    func start(in context: ModuleContext) -> ModuleParts { ModuleParts(workers: [WorkerRegistration(OrderWorker())]) }
}
