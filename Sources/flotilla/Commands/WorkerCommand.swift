import CommandLineKit
import ControlAPI
import FoundationEssentials
import Glibc
import Messaging
import Models
import Operations
import Platform
import Storage
import Telemetry
import Workers

/// `flotilla worker`: a process of workers.
enum WorkerCommand {
    private static let only = ListOption<String>(
        "only",
        "WORKERS",
        "Which workers to run, as queues.yaml names them (default all)",
        separator: ","
    )
    private static let noKeeper = Flag("no-keeper", "Leave dead letters in their queues")
    private static let probePort = Option<Port>(
        "probe-port",
        "PORT",
        "Where this process serves /metrics and /health (default none)"
    )

    static let all = Command(
        "worker",
        "Runs workers until SIGTERM or Ctrl-C, then drains",
        takes: [only, noKeeper, probePort],
        details: "Log lines go to standard error, one JSON object each. A second signal stops waiting.",
        examples: ["flotilla worker", "flotilla worker --only audit,quota --probe-port 9100"]
    ) { invocation in
        let configuration = try Configuration.ofThisProcess()
        let topology = try configuration.topology()
        let log = Log(service: "worker", threshold: configuration[Settings.logLevel].threshold)
        let metrics = Metrics()
        let names = invocation[only]
        var settings = FleetConfiguration(
            topology: topology,
            rabbitMQ: try configuration.require(Settings.rabbitMQ).revealed,
            postgres: try configuration.require(Settings.database).revealed,
            redis: configuration[Settings.redis]?.revealed,
            stateFolder: try stateFolder(configuration),
            only: names.isEmpty ? nil : Set(names),
            drain: configuration[Settings.drain],
            inboxRetention: configuration[Settings.inboxRetention],
            log: log
        )
        settings.middleware = [DebugLogging(log)]
        let connections = try FleetConnections(settings, metrics: metrics)
        // Mistakes in the templates are no matter of a process that sends nothing.
        let others = Set(topology.queues.map(\.worker)).subtracting([EmailDeliveryWorker.name])
        let sending =
            try names.isEmpty || !others.isSuperset(of: names)
            ? configuration.sending(connections, topology: topology, metrics: metrics, log: log) : nil
        let search = try configuration.searchBackend()
        let keeper = Keeper(
            topology: topology,
            broker: connections.broker,
            files: DeadLetters(connections.postgres),
            tracker: connections.redis.map { JobStates($0, metrics: metrics) } ?? NoTracker(),
            metrics: metrics,
            log: log
        )
        let quotas = QuotaWorkers(
            connections,
            topology: topology,
            plans: try configuration.plans(),
            expiryNotices: configuration[Settings.expiryNotices].durations
        )
        let masters = try configuration.masterKeyring()
        let webhooks = WebhookWorkers(
            connections.postgres,
            topology: topology,
            seal: WebhookSeal(masters),
            access: try configuration.webhookAccess(),
            core: try configuration.coreEndpoints(),
            retention: configuration[Settings.webhookRetention],
            metrics: metrics,
            log: log
        )
        let files = try configuration.ticketFiles()
        let tickets = TicketWorkers(
            connections.postgres,
            topology: topology,
            masters: masters,
            store: files.store,
            try configuration.tickets()
        )
        let privacy = AuditPrivacy(connections.postgres, masters: masters)
        try await check(privacy, log)
        let upkeep = AuditUpkeep(
            connections.postgres,
            checkpoints: try configuration.checkpointing(connections.postgres),
            interval: configuration[Settings.auditCheckpointInterval],
            log: log
        )
        var services: [any FleetService] = invocation[noKeeper] ? [upkeep] : [upkeep, keeper]
        if names.isEmpty || names.contains(QuotaWorker.name) { services += quotas.services }
        if names.isEmpty || names.contains(WebhookDeliveryWorker.name) { services += webhooks.services }
        if let sending { services += sending.workers.services(broker: connections.broker, log: log) }
        let fleet = try Fleet(
            settings,
            connections: connections,
            services: services,
            probes: search.probes.merging(sending?.workers.probes ?? [:]) { first, _ in first }
                .merging(tickets.probes) { first, _ in first }
        )
        try fleet.register(AuditWorker(privacy: privacy))
        try quotas.register(in: fleet)
        try registerIndexing(search.store, with: fleet)
        try sending?.workers.register(with: fleet)
        try webhooks.register(with: fleet)
        try fleet.register(TicketCancellationWorker(topology: topology))
        try tickets.register(with: fleet)
        let probes = try invocation[probePort].map { port in
            try ProbeServer.start(
                port: UInt16(port.number),
                readiness: Readiness(checks(connections, of: fleet)),
                metrics: metrics,
                log: log
            )
        }
        let signals = try Signals.stream(of: [SIGTERM, SIGINT])
        let patience = configuration[Settings.drain] + .seconds(15)
        let listener = Task {
            for await _ in signals {
                fleet.shutdown()
                Task { try await exitUnlessEnded(after: patience, log) }
            }
        }
        defer { listener.cancel() }
        do {
            try await connections.broker.closing { try await fleet.run() }
        } catch let error as FleetError {
            throw CommandError(error.detail, remedy: "run flotilla doctor")
        }
        await sending?.chains.close()
        await webhooks.close()
        await search.close()
        tickets.close()
        await files.close()
        await probes?.stop()
        return .done
    }

    private static func registerIndexing(_ store: any IndexStore, with fleet: Fleet) throws {
        try fleet.register(IndexingWorker<ProfileValidated>(store))
        try fleet.register(IndexingWorker<ProfileUpdated>(store))
        try fleet.register(IndexingWorker<ProfileRejected>(store))
        try fleet.register(UserDeletionWorker(store))
    }

    /// The last resort of a drain. Whatever keeps the process: nothing is settled before it is done, so nothing is lost.
    private static func exitUnlessEnded(after patience: Duration, _ log: Log) async throws {
        try await Task.sleep(for: patience)
        log.error("the drain does not end; leaving", ["seconds": .double(patience.seconds)])
        exit(ExitStatus.failed.rawValue)
    }

    /// A master key that does not fit the database is a mistake to tell at once. A database that is out is none.
    private static func check(_ privacy: AuditPrivacy, _ log: Log) async throws {
        do {
            try await privacy.check()
        } catch let error as AuditError {
            throw CommandError(error.detail, remedy: "all processes of a database need the same FLOTILLA_MASTER_KEY")
        } catch {
            log.warning("the master key can't be checked now", ["problem": .string("\(error)")])
        }
    }

    private static func stateFolder(_ configuration: Configuration) throws -> String {
        try configuration.home.prepare()
        return configuration.home.base + "/state"
    }

    private static func checks(_ connections: FleetConnections, of fleet: Fleet) -> [HealthCheck] {
        var checks = [
            HealthCheck("workers", isNeeded: true) {
                if !fleet.isRunning { throw FleetError(code: .unavailable, detail: "not running") }
            },
            HealthCheck("postgres", isNeeded: true) { _ = try await connections.postgres.ping() },
        ]
        if let redis = connections.redis {
            checks.append(HealthCheck("redis", isNeeded: false) { _ = try await redis.command(["PING"]) })
        }
        return checks
    }
}

/// One line per execution, at the level `debug`.
private struct DebugLogging: Middleware {
    private let log: Log

    init(_ log: Log) { self.log = log }

    func around(
        _ execution: Execution,
        _ next: () async -> [Result<Outcome, any Error>]
    ) async -> [Result<Outcome, any Error>] {
        guard log.threshold == .debug else { return await next() }
        let start = ContinuousClock.now
        let results = await next()
        log.debug(
            "executed",
            correlationID: execution.messages.first?.correlationID,
            [
                "queue": .string(execution.queue), "messages": .integer(execution.messages.count),
                "attempt": .integer(execution.messages.first?.attempt ?? 0),
                "duration_ms": .double((ContinuousClock.now - start).seconds * 1_000),
                "traceparent": .string(execution.messages.first?.traceParent ?? ""),
            ]
        )
        return results
    }
}
