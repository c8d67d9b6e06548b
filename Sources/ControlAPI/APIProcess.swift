package import FlotillaModules
import FlotillaHTTPRouting
package import FlotillaHTTPServer
package import FlotillaMessaging
package import FlotillaModels
package import FlotillaStorage
package import FlotillaTelemetry
import Workers

/// The control API with its connections: the server, the relay of what it takes in, and the watch on the broker.
package struct APIProcess: Sendable {
    package struct Configuration: Sendable {
        package var server: HTTPServerConfiguration
        package var topology: Topology
        package var rabbitMQ: RabbitMQConfiguration
        package var postgres: PostgresConfiguration
        /// `nil` goes without live states of jobs.
        package var redis: RedisConfiguration?
        /// What brings the routes of the domains.
        package var domains: [any DomainModule] = []
        /// The tables without which it is not ready.
        fileprivate var schema: [SchemaModule] { [.core] + domains.map(\.schema) }
        /// Connections to Postgres for requests; the relay has two of its own.
        package var postgresConnections = 4
        /// How long running requests may take to finish at the end.
        package var drain: Duration = .seconds(30)
        package var log: Log

        package init(
            server: HTTPServerConfiguration,
            topology: Topology,
            rabbitMQ: RabbitMQConfiguration,
            postgres: PostgresConfiguration,
            redis: RedisConfiguration?,
            log: Log
        ) {
            self.server = server
            self.topology = topology
            self.rabbitMQ = rabbitMQ
            self.postgres = postgres
            self.redis = redis
            self.log = log
        }
    }

    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// Serves until `stop` yields for the first time, then drains and returns. A second time cuts the drain short.
    ///
    /// - Parameter isListening: called with the port.
    package func run(until stop: AsyncStream<Void>, isListening: (UInt16) -> Void = { _ in }) async throws {
        let log = configuration.log
        let metrics = Metrics()
        let pool = PostgresPool(configuration.postgres, size: configuration.postgresConnections, name: "flotilla api")
        let relayPool = PostgresPool(configuration.postgres, size: 2, name: "flotilla api relay")
        let redis = configuration.redis.map { RedisClient($0, name: "flotilla api") }
        let broker = RabbitMQBroker(configuration.rabbitMQ, log: log)
        let publisher = try await broker.publisher(named: "flotilla api")
        let relay = OutboxRelay(relayPool, publisher: publisher, metrics: metrics, log: log)
        let relaying = Task { await relay.run() }

        var parts: [ModuleRoutes] = []
        let result: Result<Void, any Error>
        do {
            let context = APIContext(
                postgres: pool,
                redis: redis,
                topology: configuration.topology,
                admission: Self.admission(publisher),
                metrics: metrics,
                log: log
            )
            for domain in configuration.domains { parts.append(try domain.routes(in: context)) }
            let server = try ControlAPI.start(
                configuration.server,
                context,
                states: redis.map { JobStates($0, metrics: metrics) },
                readiness: Readiness(Self.checks(pool, redis, publisher, configuration.schema)),
                routes: parts.flatMap(\.routes)
            )
            log.info(
                "the API listens",
                ["address": .string(configuration.server.host), "port": .integer(Int(server.port))]
            )
            isListening(server.port)
            await drain(server, when: stop)
            result = .success(())
        } catch { result = .failure(error) }
        relay.stop()
        await relaying.value
        await publisher.close()
        await broker.close()
        await redis?.close()
        for part in parts.reversed() { await part.close() }
        await relayPool.close()
        await pool.close()
        log.info("the API has stopped")
        try result.get()
    }

    private func drain(_ server: HTTPServer, when stop: AsyncStream<Void>) async {
        var stopRequests = stop.makeAsyncIterator()
        _ = await stopRequests.next()
        configuration.log.info("draining", ["requests": .integer(server.requestsRunning)])
        let timeoutTask = Task {
            for await _ in stop { server.abortDrain() }
        }
        await server.stop(within: configuration.drain)
        timeoutTask.cancel()
    }

    private static func checks(
        _ pool: PostgresPool,
        _ redis: RedisClient?,
        _ publisher: any MessagePublisher,
        _ schema: [SchemaModule]
    ) -> [HealthCheck] {
        var checks = [
            HealthCheck("postgres", isNeeded: true) { _ = try await pool.ping() },
            HealthCheck("tables", isNeeded: true) {
                // A database that is newer than this program serves it.
                let pending: [SchemaStep]
                do { pending = try await Migrations.pending(in: pool, schema) } catch is MigrationError { return }
                guard pending.isEmpty else { throw TablesAreMissing() }
            },
        ]
        if let redis { checks.append(HealthCheck("redis", isNeeded: false) { _ = try await redis.command(["PING"]) }) }
        // Not needed: what is taken in waits in the outbox.
        checks.append(
            HealthCheck("rabbitmq", isNeeded: false) {
                guard publisher.condition == .connected else { throw BrokerIsDown() }
            }
        )
        return checks
    }

    /// A broker under an alarm for memory or disk is not helped by more work, even if it would wait in the outbox.
    private static func admission(_ publisher: any MessagePublisher) -> AdmissionControl {
        AdmissionControl {
            if case .blocked = publisher.condition { "The broker" } else { nil }
        }
    }

    private struct BrokerIsDown: Error {}
    private struct TablesAreMissing: Error {}
}
