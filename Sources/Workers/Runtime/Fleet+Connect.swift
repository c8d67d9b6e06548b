import FlotillaModels
import FlotillaMessaging
package import FlotillaStorage
import FlotillaTelemetry
import Glibc

extension Fleet {
    /// A fleet on real servers. It connects when it runs; only the settings are checked here.
    ///
    /// - Throws: `FleetError` for a URL that can't be read, or a state folder that can't be made.
    public convenience init(_ configuration: FleetConfiguration) throws(FleetError) {
        try self.init(configuration, connections: FleetConnections(configuration, metrics: Metrics()))
    }

    /// A fleet on real servers with all that the modules bring: workers, services, probes, observers of dead letters.
    ///
    /// What the modules hold is closed when ``run()`` ends; a fleet that is not to run after all is ended by ``shutdown()``
    /// and ``run()``.
    /// - Throws: `FleetError`, and what a module throws that can't start; what has started is closed then.
    public convenience init(_ configuration: FleetConfiguration, modules: [any FleetModule]) async throws {
        let connections = try FleetConnections(configuration, metrics: Metrics())
        do {
            try await self.init(configuration, connections: connections, modules: modules)
        } catch {
            await connections.close()
            throw error
        }
    }

    package convenience init(
        _ configuration: FleetConfiguration,
        connections: FleetConnections,
        modules: [any FleetModule]
    ) async throws {
        let context = ModuleContext(
            topology: configuration.topology,
            connections: connections,
            only: configuration.only,
            deadLetterObservers: modules.flatMap(\.deadLetterObservers)
        )
        var started: [ModuleParts] = []
        do {
            for module in modules { started.append(try await module.start(in: context)) }
            let parts = started
            try self.init(
                configuration,
                connections: connections,
                services: parts.flatMap(\.services),
                probes: parts.reduce(into: [:]) { $0.merge($1.probes) { first, _ in first } },
                schema: [.core] + modules.map(\.schema),
                close: { for part in parts.reversed() { await part.close() } }
            )
            for registration in parts.flatMap(\.workers) { try register(registration) }
        } catch {
            for part in started.reversed() { await part.close() }
            throw error
        }
    }

    /// Brings the database to the schema that the fleet and its modules need. Any number of processes may call it at once.
    ///
    /// - Throws: when the database has a step with another text, or can't be reached.
    public func migrate() async throws { try await setup.migrate() }

    /// - Parameters:
    ///   - services: what runs beside the workers.
    ///   - probes: for further dependencies of the workers, whether they are reachable.
    package convenience init(
        _ configuration: FleetConfiguration,
        connections: FleetConnections,
        services: [any FleetService] = [],
        probes: [Dependency: @Sendable () async -> Bool] = [:],
        schema: [SchemaModule] = [.core],
        close: @escaping @Sendable () async -> Void = {}
    ) throws(FleetError) {
        guard unsafe mkdir(configuration.stateFolder, 0o700) == 0 || errno == EEXIST else {
            let problem = unsafe String(cString: strerror(errno))
            throw FleetError(code: .stateFolder, detail: "cannot make \(configuration.stateFolder): \(problem)")
        }
        let (postgres, redis, writeProbe) = (connections.postgres, connections.redis, connections.writeProbe)
        let own: [Dependency: @Sendable () async -> Bool] = [
            .postgres: { (try? await writeProbe.check()) != nil },
            .redis: { redis == nil ? true : (try? await redis?.command(["PING"])) != nil },
        ]
        let metrics = connections.metrics
        let breakers = Breakers(
            probes: own.merging(probes) { _, given in given },
            metrics: metrics,
            log: configuration.log
        )
        var setup = FleetSetup(
            topology: configuration.topology,
            broker: connections.broker,
            effects: PostgresEffectStore(postgres, routing: configuration.topology.jobRouting),
            breakers: breakers,
            stateFolder: configuration.stateFolder,
            metrics: metrics,
            log: configuration.log,
            services: services,
            middleware: configuration.middleware,
            only: configuration.only,
            drain: configuration.drain
        )
        setup.rights = connections.rights
        setup.transactionTimeout = configuration.transactionTimeout
        setup.batchBytes = max(1, configuration.bodyBudget / 16)
        let retention = configuration.inboxRetention
        setup.services.append(
            Pruner(postgres, "inbox rows forgotten", step: 1_000, every: .seconds(60), log: configuration.log) {
                Inbox.prune(olderThan: retention, limit: $0)
            }
        )
        setup.services.append(
            Pruner(postgres, "crash notes forgotten", step: 1_000, every: .seconds(3_600), log: configuration.log) {
                CrashNotes.prune(olderThan: retention, limit: $0)
            }
        )
        setup.services.append(
            Pruner(postgres, "losses of queues forgotten", step: 1_000, every: .seconds(3_600), log: configuration.log)
            {
                QueueGaps.prune(limit: $0)
            }
        )
        let keyRetention = configuration.idempotencyRetention
        let jobRetention = Jobs.Retention(
            done: configuration.jobRetention,
            dead: configuration.deadJobRetention,
            keys: keyRetention
        )
        setup.services.append(
            Pruner(postgres, "jobs forgotten", step: 500, every: .seconds(60), log: configuration.log) {
                Jobs.prune(jobRetention, limit: $0)
            }
        )
        setup.services.append(
            Pruner(postgres, "batches forgotten", step: 500, every: .seconds(600), log: configuration.log) {
                Jobs.pruneBatches(jobRetention, limit: $0)
            }
        )
        setup.services.append(
            Pruner(postgres, "idempotency keys forgotten", step: 1_000, every: .seconds(600), log: configuration.log) {
                IdempotencyKeys.prune(olderThan: keyRetention, limit: $0)
            }
        )
        setup.services.append(ClockMonitor(postgres, redis: redis, metrics: metrics, log: configuration.log))
        setup.close = {
            await close()
            await connections.close()
        }
        setup.pendingSteps = { try await Migrations.pending(in: postgres, schema) }
        setup.migrate = { _ = try await Migrations.apply(to: postgres, schema) }
        if let repair = connections.repair { setup.services.append(TopologyWatch(repair: repair)) }
        if configuration.relaysOutbox { setup.services.append(OutboxService(connections)) }
        if let redis {
            setup.tracker = JobStateQueue(JobStates(redis, metrics: metrics))
            setup.sharedSuspects = RedisCrashSuspects(redis)
            setup.heldQueues = HeldQueues(redis)
            setup.services.append(RedisWatch(redis: redis, breakers: breakers, log: configuration.log))
        }
        self.init(setup)
    }
}

extension ClockMonitor: FleetService {}

/// Notices that Redis is lost though nobody waits for it: opens its breaker, and says what goes on without it.
///
/// The breaker's own probe closes it again.
struct RedisWatch: FleetService {
    let redis: RedisClient
    let breakers: Breakers
    let log: Log
    var interval = Duration.seconds(1)

    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            guard breakers.openSince(.redis) == nil, !Task.isCancelled else { continue }
            do {
                _ = try await redis.command(["PING"])
                breakers.recordSuccess(of: [.redis])
            } catch {
                breakers.recordOutage(of: .redis, reason: error.detail)
                guard breakers.openSince(.redis) != nil else { continue }
                log.warning(
                    "Redis is lost: work goes on without live states of jobs, shared rate limits and caches",
                    ["problem": .string(error.detail)]
                )
            }
        }
    }
}
