package import FlotillaModules
import FlotillaHTTPRouting
import FlotillaPlatform
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
        /// Connections to Postgres for requests; lists and the relay have two of their own each.
        package var postgresConnections = 4
        /// How long a statement of a list or a search may take.
        package var listTimeout: Duration = .seconds(5)
        /// How many messages may wait to be published until no more work is taken in.
        package var outboxLimit = 100_000
        /// What callers are held to, on the port of the API.
        package var rateLimits = RateLimitSettings()
        /// Pages of which other origins may call the API; `nil` for none.
        package var origins: CrossOriginPolicy?
        /// Where probes and metrics are served without a key, beside the API itself.
        package var probes: HTTPServerConfiguration?
        /// How long running requests may take to finish at the end.
        package var drain: Duration = .seconds(30)
        /// Whether what is missing on the broker is declared again as soon as it is met.
        package var repairsTopology = true
        /// See `TopologyRepair.Surroundings`.
        package var makeVirtualHost: (@Sendable () async throws -> Bool)?
        /// Further processes whose metrics are shown.
        package var metricsPeers: [MetricsPeer] = []
        /// Seals where messages came from; nobody believes it without.
        package var seal: ReceivedSeal?
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

    /// How long a request waits for a connection to Postgres.
    package static let waitLimit = Duration.milliseconds(2_200)

    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// Serves until `stop` yields for the first time, then drains and returns. A second time cuts the drain short.
    ///
    /// - Parameter isListening: called with the port.
    package func run(until stop: AsyncStream<Void>, isListening: (UInt16) -> Void = { _ in }) async throws {
        let log = configuration.log
        let metrics = Metrics()
        ResourceShortage.observe { what, reason in
            log.warning("the system has too little", ["of": .string(what), "reason": .string(reason)])
        }
        let pool = PostgresPool(
            configuration.postgres.forRequests,
            size: configuration.postgresConnections,
            name: "flotilla api",
            waitLimit: Self.waitLimit
        )
        do {
            try await pool.requireSoundSessions()
        } catch {
            await pool.close()
            throw error
        }
        var listSettings = configuration.postgres.forRequests
        listSettings.statementTimeout = configuration.listTimeout
        let lists = PostgresPool(listSettings, size: 2, name: "flotilla api lists", waitLimit: Self.waitLimit)
        let relayPool = PostgresPool(configuration.postgres, size: 2, name: "flotilla api relay")
        let writeProbe = WriteProbe(configuration.postgres, name: "flotilla api")
        let redis = configuration.redis.map { RedisClient($0, name: "flotilla api") }
        // Its questions must not wait behind others.
        let limitsRedis = configuration.redis.map { RedisClient($0, name: "flotilla api limits") }
        let repair = repair(relayPool, metrics)
        let broker = RabbitMQBroker(configuration.rabbitMQ, log: log, repair: repair)
        let publisher = try await broker.publisher(named: "flotilla api")
        var relaying = OutboxRelay.Configuration()
        relaying.countLimit = configuration.outboxLimit + 1
        let relay = OutboxRelay(
            relayPool,
            publisher: publisher,
            metrics: metrics,
            log: log,
            configuration: relaying
        )
        let relayTask = Task { await relay.run() }
        let clock = ClockMonitor(pool, redis: redis, metrics: metrics, log: log)
        let clockWatch = Task { await clock.run() }
        let watching = Task { await repair?.watch() }

        var parts: [ModuleRoutes] = []
        let result: Result<Void, any Error>
        do {
            let context = APIContext(
                postgres: pool,
                lists: lists,
                redis: redis,
                states: redis.map { JobStates($0, metrics: metrics) },
                topology: configuration.topology,
                depth: { queue in (try? await broker.depth(of: queue)) ?? nil },
                rules: IntakeRules(configuration.domains.map { type(of: $0) }),
                messages: MessageCatalog(configuration.domains.map { type(of: $0) }),
                admission: admission(publisher, relay),
                metrics: metrics,
                log: log
            )
            for domain in configuration.domains { parts.append(try domain.routes(in: context)) }
            let dependencies = parts.flatMap(\.dependencies).map(FleetChecks.dependency)
            let readiness = Readiness(checks(pool, writeProbe, redis, publisher, broker) + dependencies)
            let probes = try configuration.probes.map {
                try ProbeServer.start($0, readiness: readiness, metrics: metrics, log: log)
            }
            let server: HTTPServer
            do {
                server = try ControlAPI.start(
                    configuration.server,
                    context,
                    readiness: readiness,
                    limits: RequestLimits(configuration.rateLimits, redis: limitsRedis, metrics: metrics, log: log),
                    origins: configuration.origins,
                    peers: configuration.metricsPeers,
                    tokens: parts.lazy.compactMap(\.tokens).first,
                    seal: configuration.seal,
                    routes: parts.flatMap(\.routes)
                )
            } catch {
                await probes?.stop()
                throw error
            }
            log.info(
                "the API listens",
                ["address": .string(configuration.server.host), "port": .integer(Int(server.port))]
            )
            isListening(server.port)
            await drain(server, when: stop)
            await probes?.stop()
            result = .success(())
        } catch { result = .failure(error) }
        clockWatch.cancel()
        relay.stop()
        watching.cancel()
        await relayTask.value
        await watching.value
        await repair?.close()
        await publisher.close()
        await broker.close()
        await redis?.close()
        await limitsRedis?.close()
        for part in parts.reversed() { await part.close() }
        await writeProbe.close()
        await lists.close()
        await relayPool.close()
        await pool.close()
        log.info("the API has stopped")
        try result.get()
    }

    private func repair(_ pool: PostgresPool, _ metrics: Metrics) -> TopologyRepair? {
        guard configuration.repairsTopology else { return nil }
        return TopologyRepair(
            configuration.topology,
            on: configuration.rabbitMQ,
            metrics: metrics,
            log: configuration.log,
            .noting(in: pool, makeVirtualHost: configuration.makeVirtualHost)
        )
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

    private func checks(
        _ pool: PostgresPool,
        _ probe: WriteProbe,
        _ redis: RedisClient?,
        _ publisher: any MessagePublisher,
        _ broker: some Broker
    ) -> [HealthCheck] {
        let schema = configuration.schema
        var checks = [
            HealthCheck.postgres(probe),
            HealthCheck("tables", isNeeded: true) {
                // A database that is newer than this program serves it.
                let pending: [SchemaStep]
                do { pending = try await Migrations.pending(in: pool, schema) } catch is MigrationError { return }
                guard pending.isEmpty else { throw TablesAreMissing() }
            },
        ]
        if let redis { checks.append(HealthCheck("redis", isNeeded: false) { _ = try await redis.command(["PING"]) }) }
        checks.append(FleetChecks.broker(publisher))
        checks.append(FleetChecks.workers(configuration.topology.queues.map(\.name), on: broker))
        if let redis { checks.append(FleetChecks.heldQueues(HeldQueues(redis))) }
        if !configuration.metricsPeers.isEmpty { checks.append(FleetChecks.breakers(of: configuration.metricsPeers)) }
        return checks
    }

    /// A broker under an alarm for memory or disk is not helped by more work, even if it would wait in the outbox.
    private func admission(_ publisher: any MessagePublisher, _ relay: OutboxRelay) -> AdmissionControl {
        let limit = configuration.outboxLimit
        return AdmissionControl {
            if case .blocked = publisher.condition { return "The broker" }
            return relay.backlog > limit ? "The outbox" : nil
        }
    }

    private struct TablesAreMissing: Error {}
}
