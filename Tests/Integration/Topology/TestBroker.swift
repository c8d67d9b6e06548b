import FlotillaManagement
import FlotillaMessaging
import FlotillaModels
import Foundation
import Synchronization
import Testing

/// A broker for one test, under whose name the test's exchanges and queues are, and are removed afterwards.
final class TestBroker: Sendable {
    let configuration: RabbitMQConfiguration
    let admin: RabbitMQAdmin
    let management: ManagementAPI?
    /// Different in every test: a namespace, and the service in the names of queues.
    let name = "t" + UUID().uuidString.prefix(8).lowercased()
    private let deployed = Mutex<[Topology]>([])

    /// Skips a suite without servers, but not under `CI`, where it has to fail.
    static let isAvailable = environment["RABBITMQ_URL"] != nil || environment["CI"] != nil
    static let hasManagement =
        isAvailable && (environment["RABBITMQ_MANAGEMENT_URL"] != nil || environment["CI"] != nil)
    private static let environment = ProcessInfo.processInfo.environment

    private init(_ configuration: RabbitMQConfiguration, _ admin: RabbitMQAdmin, _ management: ManagementAPI?) {
        self.configuration = configuration
        self.admin = admin
        self.management = management
    }

    static func with(_ body: (TestBroker) async throws -> Void) async throws {
        let url = try #require(environment["RABBITMQ_URL"], "RABBITMQ_URL is not set")
        let configuration = try RabbitMQConfiguration(url: url)
        let management = try environment["RABBITMQ_MANAGEMENT_URL"].map {
            try ManagementAPI(url: $0, virtualHost: configuration.virtualHost)
        }
        let admin = try await RabbitMQAdmin.open(configuration, named: "test")
        let broker = TestBroker(configuration, admin, management)
        let result: Result<Void, any Error>
        do { result = .success(try await body(broker)) } catch { result = .failure(error) }
        for topology in broker.deployed.withLock({ $0 }) { await broker.remove(topology) }
        await admin.close()
        await management?.close()
        try result.get()
    }

    /// A topology under the test's own names, with a ladder of a few levels.
    func topology(_ queues: [QueueDefinition] = [], levels: Int = 3) -> Topology {
        let ladder = DelayLadder(namespace: name, unit: .milliseconds(50), levels: levels)
        let topology = Topology(namespace: name, delay: ladder, queues: queues)
        deployed.withLock { $0.append(topology) }
        return topology
    }

    func queue(_ event: String, key: String? = nil, kind: QueueDefinition.Kind = .quorum) -> QueueDefinition {
        let bindings = key.map { [QueueBinding(exchange: "\(name).topic", key: $0)] } ?? []
        return QueueDefinition(name: "\(name)s.\(event)", worker: "w", bindings: bindings, kind: kind)
    }

    func deployment(of topology: Topology, seesManagement: Bool = false) -> TopologyDeployment {
        TopologyDeployment(of: topology, on: admin, management: seesManagement ? management : nil)
    }

    func deploy(_ topology: Topology) async throws { _ = try await deployment(of: topology).apply() }

    private func remove(_ topology: Topology) async {
        let plan = TopologyPlan(topology, server: ServerVersion.oldestSupported)
        for queue in plan.queues { try? await admin.deleteQueue(queue.name) }
        for exchange in plan.exchanges { try? await admin.deleteExchange(exchange.name) }
    }
}
