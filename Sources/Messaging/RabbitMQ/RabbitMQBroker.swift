package import FlotillaTelemetry
import Synchronization

/// RabbitMQ, by librabbitmq: each publisher and each consumer has a connection and a thread of its own, and all questions
/// share one.
package final class RabbitMQBroker: Broker {
    private enum Inspection {
        case unused
        case open(RabbitMQAdmin)
        case closed
    }

    private let configuration: RabbitMQConfiguration
    private let log: Log?
    private let repair: TopologyRepair?
    private let bodyBudget: BodyBudget
    private let trust: FleetHeaderTrust?
    private let inspection = Mutex(Inspection.unused)

    /// - Parameters:
    ///   - log: where lost and regained connections are logged; nowhere by default.
    ///   - repair: told of what publishers and consumers find missing.
    ///   - bodyBudget: shared by all consumers.
    ///   - trust: on whose messages headers of the fleet are believed; on everybody's by default.
    package init(
        _ configuration: RabbitMQConfiguration,
        log: Log? = nil,
        repair: TopologyRepair? = nil,
        bodyBudget: BodyBudget = BodyBudget(),
        trust: FleetHeaderTrust? = nil
    ) {
        self.configuration = configuration
        self.log = log
        self.repair = repair
        self.bodyBudget = bodyBudget
        self.trust = trust
    }

    /// Throws only what waiting can't mend: wrong settings, refused credentials, a refused certificate.
    package func publisher(named name: String) async throws -> any MessagePublisher {
        try check()
        let publisher = RabbitMQPublisher(configuration, name: name, log: log, repair: repair)
        if let error = await publisher.start(), !error.isRetriable {
            await publisher.close()
            throw error
        }
        return publisher
    }

    /// Throws only what waiting can't mend. A queue that does not exist is no error: it is reported as cancelled.
    package func consumer(named name: String, of subscriptions: [Subscription]) async throws -> any MessageConsumer {
        try check()
        for subscription in subscriptions where !(1...65_535).contains(subscription.prefetch) {
            throw AMQPError.configuration("consume from \(subscription.queue)", "the prefetch is not 1 to 65535")
        }
        let consumer = RabbitMQConsumer(
            configuration,
            name: name,
            subscriptions: subscriptions,
            log: log,
            repair: repair,
            bodyBudget: bodyBudget,
            trust: trust
        )
        if let error = await consumer.start(), !error.isRetriable {
            await consumer.close()
            throw error
        }
        return consumer
    }

    package func depths(of queues: [String]) async throws -> [String: QueueDepth] {
        try check()
        return try await inspector().queueDepths(queues)
    }

    package func close() async {
        let admin: RabbitMQAdmin? = inspection.withLock { inspection in
            defer { inspection = .closed }
            if case .open(let admin) = inspection { return admin }
            return nil
        }
        await admin?.close()
    }

    /// What asks the questions; it connects with the first one.
    private func inspector() throws(AMQPError) -> RabbitMQAdmin {
        try inspection.withLock { inspection throws(AMQPError) in
            switch inspection {
            case .open(let admin): return admin
            case .closed: throw .closed("ask the broker")
            case .unused:
                var configuration = configuration
                // A question can be asked again, and a process that is ending waits for the one under way.
                configuration.requestTimeout = min(configuration.requestTimeout, configuration.connectTimeout)
                let admin = RabbitMQAdmin(configuration, name: "inspection")
                inspection = .open(admin)
                return admin
            }
        }
    }

    private func check() throws(AMQPError) {
        let problems = configuration.validate()
        if !problems.isEmpty { throw .configuration("connect", problems.joined(separator: "; ")) }
    }
}
