import FlotillaCommandLineKit
import FlotillaDeadLetters
import FlotillaHTTPServer
import FlotillaManagement
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import Workers
import FoundationEssentials
import Glibc
import Synchronization

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

    private static let probeIfFree = Flag("probe-if-free", "Go on without the probe port while it is taken")

    static let all = Command(
        "worker",
        "Runs workers until SIGTERM or Ctrl-C, then drains",
        takes: [only, noKeeper, probePort, probeIfFree],
        details: "Log lines go to standard error, one JSON object each. A second signal stops waiting.",
        examples: ["flotilla worker", "flotilla worker --only audit,quota --probe-port 9100"]
    ) { invocation in
        let configuration = try invocation.configuration(makingKeys: true)
        try DescriptorLimit.require()
        let topology = try configuration.topology()
        let log = configuration.log(of: "worker")
        let metrics = Metrics()
        let names = invocation[only]
        try check(names, in: topology)
        var settings = FleetConfiguration(
            topology: topology,
            rabbitMQ: try configuration.require(Settings.rabbitMQ).revealed,
            postgres: try configuration.require(Settings.database).revealed,
            redis: configuration[Settings.redis]?.revealed,
            stateFolder: try stateFolder(configuration),
            only: names.isEmpty ? nil : Set(names),
            drain: configuration[Settings.drain],
            repairsTopology: configuration[Settings.topologyRepair],
            inboxRetention: configuration[Settings.inboxRetention],
            log: log
        )
        settings.postgresPooler = configuration.postgresPooler
        settings.postgresDirect = configuration[Settings.databaseDirect]?.revealed
        settings.middleware = [DebugLogging(log)]
        settings.jobRetention = configuration[Settings.jobRetention]
        settings.deadJobRetention = configuration[Settings.deadJobRetention]
        settings.idempotencyRetention = configuration[Settings.idempotencyRetention]
        ResourceShortage.observe { what, reason in
            log.warning("the system has too little", ["of": .string(what), "reason": .string(reason)])
        }
        settings.transactionTimeout = configuration[Settings.transactionTimeout]
        settings.fleetOnly = invocation.program.publisherExclusions
        settings.bodyBudget = configuration[Settings.bodyBudget].count
        let listener = Listener()
        let listening = try listen(listener, exitTimeout: configuration[Settings.drain] + .seconds(15), log)
        defer { listening.cancel() }
        let management = try configuration.management()
        var connections = try FleetConnections(
            settings,
            metrics: metrics,
            makeVirtualHost: management?.virtualHostMaker
        )
        connections.inspection = management
        let modules = invocation.program.domains(configuration).filter { module in
            !invocation[noKeeper] || module.name != DeadLettersModule.name
        }
        let fleet: Fleet
        do {
            fleet = try await Fleet(settings, connections: connections, modules: modules)
        } catch let error as FleetError {
            throw CommandError(error.detail, remedy: "run flotilla doctor")
        }
        listener.start(fleet)
        var probes: HTTPServer?
        if let port = invocation[probePort]?.number {
            do {
                probes = try ProbeServer.start(
                    port: UInt16(port),
                    readiness: Readiness(checks(connections, of: fleet)),
                    metrics: metrics,
                    log: log
                )
            } catch {
                guard invocation[probeIfFree] else { throw error }
                log.warning(
                    "no /metrics and /health of this process: its probe port can't be opened",
                    ["port": .integer(port), "reason": .string("\(error)")]
                )
            }
        }
        let rotation = configuration.rotatingLogs { log.warning($0) }
        defer { rotation?.cancel() }
        do {
            try await fleet.run()
        } catch let error as FleetError {
            throw CommandError(error.detail, remedy: "run flotilla doctor")
        }
        await probes?.stop()
        await management?.close()
        log.writeRepeats()
        return .done
    }

    /// What the signals end; there is none while it is being made.
    private final class Listener: Sendable {
        private let state = Mutex<(fleet: Fleet?, isStopping: Bool)>((nil, false))

        var fleet: Fleet? { state.withLock { $0.fleet } }

        func start(_ fleet: Fleet) {
            let isStopping = state.withLock { state in
                state.fleet = fleet
                return state.isStopping
            }
            if isStopping { fleet.shutdown() }
        }

        func stop() {
            let fleet = state.withLock { state in
                state.isStopping = true
                return state.fleet
            }
            fleet?.shutdown()
        }
    }

    /// From the very start on: a server that is silent can hold the start up.
    private static func listen(
        _ listener: Listener,
        exitTimeout: Duration,
        _ log: Log
    ) throws -> Task<Void, Never> {
        let signals = try Signals.stream(of: [SIGTERM, SIGINT])
        return Task {
            for await _ in signals {
                listener.stop()
                Task { try await exitUnlessBegun(listener, log) }
                Task { try await exitUnlessEnded(after: exitTimeout, log) }
            }
        }
    }

    /// A process that has taken no message yet has nothing to finish, and does not wait for a silent server.
    private static func exitUnlessBegun(_ listener: Listener, _ log: Log) async throws {
        guard listener.fleet?.hasBegun != true else { return }
        try await Task.sleep(for: .seconds(1))
        guard listener.fleet?.hasBegun != true else { return }
        log.info("stopped before the workers were running")
        exit(ExitStatus.done.rawValue)
    }

    private static func check(_ names: [String], in topology: Topology) throws(UsageError) {
        let known = Set(topology.queues.map(\.worker)).sorted()
        guard let unknown = names.first(where: { !known.contains($0) }) else { return }
        throw UsageError(
            "no queue is of a worker called \(unknown)" + Suggestion.text(for: unknown, among: known) + "; there are "
                + known.joined(separator: ", ")
        )
    }

    /// The last resort of a drain. Whatever keeps the process: nothing is settled before it is done, so nothing is lost.
    private static func exitUnlessEnded(after exitTimeout: Duration, _ log: Log) async throws {
        try await Task.sleep(for: exitTimeout)
        log.error("the drain does not end; leaving", ["seconds": .double(exitTimeout.seconds)])
        exit(ExitStatus.failed.rawValue)
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
            HealthCheck("queues", isNeeded: true) {
                let held = fleet.heldQueues.map { "\($0.queue) is held: \($0.problem) (SQLSTATE \($0.sqlState))" }
                if !held.isEmpty { throw HealthProblem(held.joined(separator: "; ")) }
            },
            HealthCheck.postgres(connections.writeProbe),
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
