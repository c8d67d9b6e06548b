import FlotillaMessaging
import FlotillaModels
import Foundation
import Testing

/// A broker that has to keep the contract, and how to lay out queues on it.
struct Subject: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let broker: any Broker
    let declareQueue: @Sendable (String, HeaderTable) async throws -> Void
    let deleteQueue: @Sendable (String) async throws -> Void
    let bind: @Sendable (_ queue: String, _ topicExchange: String, _ key: String) async throws -> Void
    /// Declares the queues and the ladder of a topology, those that are missing.
    let deploy: @Sendable (Topology) async throws -> Void
    let remove: @Sendable (Topology) async throws -> Void

    /// The broker in memory, and RabbitMQ when `RABBITMQ_URL` says where one is.
    static let all: [Subject] =
        [inMemory] + (RabbitMQEnvironment.configuration.map { [rabbitMQ($0)] } ?? [])

    private static var inMemory: Subject {
        let broker = MemoryBroker()
        return Subject(
            testDescription: "memory",
            broker: broker,
            declareQueue: { broker.declareQueue($0, arguments: $1) },
            deleteQueue: { broker.deleteQueue($0) },
            bind: { queue, exchange, key in
                broker.declareExchange(exchange, .topic)
                broker.bind(queue: queue, to: exchange, key: key)
            },
            deploy: { topology in
                for queue in topology.queues { broker.declareQueue(queue.name) }
                broker.simulate(topology.delay)
            },
            remove: { topology in for queue in topology.queues { broker.deleteQueue(queue.name) } }
        )
    }

    static func rabbitMQ(_ configuration: RabbitMQConfiguration) -> Subject {
        Subject(
            testDescription: "RabbitMQ",
            broker: RabbitMQBroker(configuration),
            declareQueue: { name, arguments in
                try await configuration.administer { admin in
                    try await admin.declareQueue(name, arguments: arguments)
                }
            },
            deleteQueue: { name in
                try await configuration.administer { admin in try await admin.deleteQueue(name) }
            },
            bind: { queue, exchange, key in
                try await configuration.administer { admin in
                    try await admin.declareExchange(exchange, type: "topic")
                    try await admin.bindQueue(queue, to: exchange, routingKey: key)
                }
            },
            deploy: { topology in
                try await configuration.administer { admin in
                    _ = try await TopologyDeployment(of: topology, on: admin, management: nil).apply()
                }
            },
            remove: { topology in
                let plan = TopologyPlan(topology, server: ServerVersion.oldestSupported)
                try await configuration.administer { admin in
                    for queue in plan.queues { try await admin.deleteQueue(queue.name) }
                    for exchange in plan.exchanges { try await admin.deleteExchange(exchange.name) }
                }
            }
        )
    }

    /// Runs `body` with a fresh quorum queue, and deletes it afterwards.
    func withQueue(_ arguments: HeaderTable = HeaderTable(), _ body: (String) async throws -> Void)
        async throws
    {
        let queue = "conformance.\(UUID().uuidString.lowercased())"
        var arguments = arguments
        arguments["x-queue-type"] = arguments["x-queue-type"] ?? "quorum"
        try await declareQueue(queue, arguments)
        do {
            try await body(queue)
        } catch {
            try? await deleteQueue(queue)
            throw error
        }
        try await deleteQueue(queue)
    }
}

/// What the environment says about the broker to test against.
enum RabbitMQEnvironment {
    static let url = ProcessInfo.processInfo.environment["RABBITMQ_URL"]
    static let configuration = url.flatMap { try? RabbitMQConfiguration(url: $0) }
    static let isCI = ProcessInfo.processInfo.environment["CI"] != nil
    /// The `flotilla` command, which runs private brokers for the tests that break them.
    static let command =
        ProcessInfo.processInfo.environment["FLEET_COMMAND"]
}

struct EnvironmentTests {
    @Test(.enabled(if: RabbitMQEnvironment.isCI))
    func `a build server tests against a real broker`() {
        #expect(RabbitMQEnvironment.configuration != nil, "RABBITMQ_URL is missing or wrong")
        #expect(RabbitMQEnvironment.command != nil, "FLEET_COMMAND is missing: the path of the flotilla command")
    }
}

extension RabbitMQConfiguration {
    func administer<R: Sendable>(_ body: (RabbitMQAdmin) async throws -> R) async throws -> R {
        let admin = try await RabbitMQAdmin.open(self)
        do {
            let result = try await body(admin)
            await admin.close()
            return result
        } catch {
            await admin.close()
            throw error
        }
    }
}
