import FlotillaCommandLineKit
import FlotillaDeadLetters
import FlotillaHTTPServer
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import Workers
import FoundationEssentials
import Glibc

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
        let configuration = try invocation.configuration()
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
        let modules = invocation.program.domains(configuration).filter { module in
            !invocation[noKeeper] || module.name != DeadLettersModule.name
        }
        let fleet: Fleet
        do {
            fleet = try await Fleet(settings, connections: connections, modules: modules)
        } catch let error as FleetError {
            throw CommandError(error.detail, remedy: "run flotilla doctor")
        }
        let probes = try invocation[probePort].map { port in
            try ProbeServer.start(
                port: UInt16(port.number),
                readiness: Readiness(checks(connections, of: fleet)),
                metrics: metrics,
                log: log
            )
        }
        let signals = try Signals.stream(of: [SIGTERM, SIGINT])
        let exitTimeout = configuration[Settings.drain] + .seconds(15)
        let listener = Task {
            for await _ in signals {
                fleet.shutdown()
                Task { try await exitUnlessEnded(after: exitTimeout, log) }
            }
        }
        defer { listener.cancel() }
        do {
            try await fleet.run()
        } catch let error as FleetError {
            throw CommandError(error.detail, remedy: "run flotilla doctor")
        }
        await probes?.stop()
        return .done
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
