import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation

/// Real queues under a namespace of their own, a schema of their own, and processes of `troublemaker`.
final class FaultyWorkerFixture: Sendable {
    let topology: Topology
    let database: TestDatabase
    let admin: RabbitMQAdmin
    let publisher: any MessagePublisher
    let folder: URL

    var single: String { topology.queues[0].name }
    var batch: String { topology.queues[1].name }
    var executionsPath: String { folder.appendingPathComponent("executions").path }

    private init(
        topology: Topology,
        database: TestDatabase,
        admin: RabbitMQAdmin,
        publisher: any MessagePublisher,
        folder: URL
    ) {
        self.topology = topology
        self.database = database
        self.admin = admin
        self.publisher = publisher
        self.folder = folder
    }

    /// Sets the stage, runs `body`, and clears everything away.
    ///
    /// - Parameter settings: lines for both queues in `queues.yaml`.
    static func with(_ settings: [String] = [], _ body: (FaultyWorkerFixture) async throws -> Void) async throws {
        let word = TestServers.uniqueWord()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(word)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let extra = settings.map { "    \($0)" }.joined(separator: "\n")
        let file = """
            version: 1
            namespace: \(word)
            exchanges:
              topic:  { name: \(word).topic,  type: topic }
              direct: { name: \(word).direct, type: direct }
              fanout: { name: \(word).fanout, type: fanout }
            delay: { unit: 100ms, levels: 6 }
            queues:
              \(word)-s.single:
                worker: trouble
                bind: [ { exchange: topic, key: single } ]
                retry: { attempts: 3, base: 400ms, factor: 2, jitter: 0 }
            \(extra)
              \(word)-s.batch:
                worker: trouble
                bind: [ { exchange: topic, key: batch } ]
                batch: { size: 50, wait: 20ms }
                retry: { attempts: 3, base: 400ms, factor: 2, jitter: 0 }
            \(extra)
            """
        let path = folder.appendingPathComponent("queues.yaml")
        try Data(file.utf8).write(to: path)
        let topology = try TopologyFile.decode(file)
        try await TestDatabase.with(schema: [.core]) { database in
            _ = try await database.pool.query(
                SQLStatement("CREATE TABLE trouble_effects (message_id text NOT NULL, attempt int8 NOT NULL)")
            )
            let configuration = try RabbitMQConfiguration(url: try TestServers.url("RABBITMQ_URL"))
            let admin = try await RabbitMQAdmin.open(configuration)
            _ = try await TopologyDeployment(of: topology, on: admin, management: nil).apply()
            let fixture = FaultyWorkerFixture(
                topology: topology,
                database: database,
                admin: admin,
                publisher: try await RabbitMQBroker(configuration).publisher(named: "test"),
                folder: folder
            )
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
            await fixture.publisher.close()
            await fixture.removeQueues()
            try result.get()
        }
    }

    private func removeQueues() async {
        let plan = TopologyPlan(topology, server: ServerVersion.oldestSupported)
        for queue in plan.queues { try? await admin.deleteQueue(queue.name) }
        for exchange in plan.exchanges { try? await admin.deleteExchange(exchange.name) }
        await admin.close()
    }

    func worker() throws -> WorkerProcess {
        try WorkerProcess(
            program: TestServers.programs.appendingPathComponent("FaultyWorker"),
            arguments: [
                folder.appendingPathComponent("queues.yaml").path, folder.appendingPathComponent("state").path,
                executionsPath,
            ],
            environment: ["DATABASE_URL": database.url],
            log: folder.appendingPathComponent("log")
        )
    }

    /// Publishes to the topic exchange; every message has to be confirmed.
    func publish(_ key: String, _ messages: [(id: String, json: String)]) async throws {
        let outgoing = messages.map { message in
            var properties = MessageProperties()
            properties.messageID = message.id
            return OutgoingMessage(
                exchange: topology.events.name,
                routingKey: key,
                message: Message(properties: properties, body: Array(message.json.utf8))
            )
        }
        let results = await publisher.publish(outgoing)
        if let failed = results.first(where: { !$0.isConfirmed }) {
            throw TestSetupError(description: "not published: \(failed)")
        }
    }

    /// The executions of a message: their attempt numbers and times, in order.
    func executions(of id: String) -> [(attempt: Int, at: Double)] {
        executionLines().filter { $0[0] == id }.map { (Int($0[1]) ?? -1, Double($0[2]) ?? 0) }
    }

    func executionCount() -> Int { executionLines().count }

    private func executionLines() -> [[Substring]] {
        let text = (try? String(contentsOfFile: executionsPath, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count == 3 }
    }

    func effectCount() async throws -> Int { try await database.count("SELECT count(*) FROM trouble_effects") }

    func distinctEffectCount() async throws -> Int {
        try await database.count("SELECT count(DISTINCT message_id) FROM trouble_effects")
    }

    func deadLetterCount(of queue: String) async throws -> Int {
        try await admin.queueDepth(QueueName.deadLetter(of: queue))?.ready ?? -1
    }

    func log() -> String { (try? String(contentsOf: folder.appendingPathComponent("log"), encoding: .utf8)) ?? "" }
}
