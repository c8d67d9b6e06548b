package import FlotillaMessaging
package import FlotillaStorage
package import FlotillaTelemetry

/// The connections of one process of workers. The fleet that is made with them closes them at the end of its run.
package struct FleetConnections: Sendable {
    package let broker: any Broker
    package let postgres: PostgresPool
    package let redis: RedisClient?
    package let metrics: Metrics
    package let log: Log

    package init(_ configuration: FleetConfiguration, metrics: Metrics) throws(FleetError) {
        do {
            let rabbitMQ = try RabbitMQConfiguration(url: configuration.rabbitMQ)
            broker = RabbitMQBroker(rabbitMQ, log: configuration.log)
            postgres = PostgresPool(
                try PostgresConfiguration(url: configuration.postgres),
                size: configuration.postgresConnections,
                name: "flotilla worker"
            )
            redis = try configuration.redis.map {
                RedisClient(try RedisConfiguration(url: $0), name: "flotilla worker")
            }
        } catch {
            throw FleetError(code: .configuration, detail: "\(error)")
        }
        self.metrics = metrics
        log = configuration.log
    }

    /// Ends all of them; what is under way fails.
    package func close() async {
        await broker.close()
        await redis?.close()
        await postgres.close()
    }
}
