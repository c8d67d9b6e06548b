package import FlotillaMessaging
package import FlotillaStorage
package import FlotillaTelemetry

/// The connections of one process of workers. The fleet that is made with them closes them at the end of its run.
package struct FleetConnections: Sendable {
    package let broker: any Broker
    package let postgres: PostgresPool
    package let writeProbe: WriteProbe
    package let redis: RedisClient?
    /// What tells more of the broker than AMQP does; `nil` where its management API is not known.
    package var inspection: (any BrokerInspection)?
    package let metrics: Metrics
    package let log: Log
    /// How long the ids of handled messages are remembered.
    package let inboxRetention: Duration
    /// `nil` where what is missing on the broker stays missing.
    package let repair: TopologyRepair?
    /// Who may publish what; `nil` where everybody may.
    package let rights: PublisherRights?

    /// - Parameter makeVirtualHost: see ``TopologyRepair/Surroundings``.
    package init(
        _ configuration: FleetConfiguration,
        metrics: Metrics,
        makeVirtualHost: (@Sendable () async throws -> Bool)? = nil
    ) throws(FleetError) {
        do {
            let rabbitMQ = try RabbitMQConfiguration(url: configuration.rabbitMQ)
            let settings = try PostgresConfiguration(
                url: configuration.postgres,
                pooler: configuration.postgresPooler,
                directURL: configuration.postgresDirect
            )
            let postgres = PostgresPool(settings, size: configuration.postgresConnections, name: "flotilla worker")
            self.postgres = postgres
            writeProbe = WriteProbe(settings, name: "flotilla worker")
            repair =
                configuration.repairsTopology
                ? TopologyRepair(
                    configuration.topology,
                    on: rabbitMQ,
                    metrics: metrics,
                    log: configuration.log,
                    .noting(in: postgres, makeVirtualHost: makeVirtualHost)
                ) : nil
            broker = RabbitMQBroker(
                rabbitMQ,
                log: configuration.log,
                repair: repair,
                bodyBudget: BodyBudget(configuration.bodyBudget),
                trust: FleetHeaderTrust(
                    configuration.topology,
                    user: rabbitMQ.user,
                    metrics: metrics,
                    log: configuration.log
                )
            )
            rights = PublisherRights(
                configuration.topology,
                user: rabbitMQ.user,
                fleetOnly: configuration.fleetOnly,
                metrics: metrics,
                log: configuration.log
            )
            redis = try configuration.redis.map {
                RedisClient(try RedisConfiguration(url: $0), name: "flotilla worker")
            }
        } catch {
            throw FleetError(code: .configuration, detail: "\(error)")
        }
        self.metrics = metrics
        log = configuration.log
        inboxRetention = configuration.inboxRetention
    }

    /// Ends all of them; what is under way fails.
    package func close() async {
        await repair?.close()
        await broker.close()
        await redis?.close()
        await writeProbe.close()
        await postgres.close()
    }
}

extension TopologyRepair.Surroundings {
    /// Keeps in Postgres which queues have lost their messages, so that these can be replayed. While Postgres is out,
    /// queues are declared again all the same.
    package static func noting(
        in postgres: PostgresPool,
        makeVirtualHost: (@Sendable () async throws -> Bool)?
    ) -> Self {
        var surroundings = Self()
        surroundings.makeVirtualHost = makeVirtualHost
        // Declaring does not wait for a database that hangs.
        surroundings.noteLost = { lost in
            let queues = lost.map { (name: $0.queue, age: ContinuousClock.now - $0.metAt) }
            return (try? await postgres.pipeline([QueueGaps.lost(queues)], within: .seconds(2))) != nil
        }
        surroundings.noteUnbound = { _ = try? await postgres.pipeline([QueueGaps.unbound($0)], within: .seconds(2)) }
        surroundings.noteDeclared = {
            _ = try? await postgres.pipeline([QueueGaps.declared($0), Outbox.retryRefused], within: .seconds(2))
        }
        return surroundings
    }
}

/// Looks for what is missing on the broker and nobody in the fleet would meet.
struct TopologyWatch: FleetService {
    let repair: TopologyRepair

    func run() async { await repair.watch() }
}
