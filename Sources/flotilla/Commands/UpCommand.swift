import FlotillaModels
import FlotillaModules
import FlotillaCommandLineKit
import FlotillaOperations
import FlotillaPlatform
import FoundationEssentials
import Glibc

/// `flotilla up`: everything on this machine.
enum UpCommand {
    private static let logs = Flag("logs", "Show the log lines of the API and the workers here")

    static let all = Command(
        "up",
        "Runs everything on this machine: servers, API and all workers",
        takes: [logs],
        details: "Servers whose URL is configured are used instead of private ones. Ctrl-C drains and stops all of it.",
        examples: ["flotilla up", "flotilla up --logs", "DATABASE_URL=postgresql://… flotilla up"]
    ) { invocation in
        let configuration = try invocation.configuration()
        if let problem = configuration.foreignServers {
            throw CommandError(
                problem,
                remedy: "unset them to run servers here, or run eval \"$(flotilla services env)\" of this home",
                status: .wrongUse
            )
        }
        for warning in configuration.warnings { invocation.console.note("flotilla: \(warning)") }
        // A start that can't be leaves no home behind.
        let mistakes = await invocation.program.mistakes(configuration)
        guard mistakes.isEmpty else { throw CommandError(mistakes.joined(separator: "\n"), status: .wrongUse) }
        if !configuration.home.exists { try checkPort(configuration) }
        guard let lock = try configuration.home.lockSession() else {
            throw CommandError(
                "another flotilla up runs in \(configuration.home.path)",
                remedy: "stop it, or set FLOTILLA_HOME"
            )
        }
        defer { extendLifetime(lock) }
        try checkPort(configuration)
        let probe = workerProbe(configuration.home)
        try configuration.home.record(probes: ProbeList([probe]), queuesFile: configuration[Settings.queues])
        let session = FleetSession(
            plan(showsLogs: invocation[logs], probe: probe),
            configuration: configuration,
            environment: ProcessInfo.processInfo.environment,
            program: program,
            console: invocation.console
        )
        return try await run(session, configuration, invocation.console)
    }

    private static func run(
        _ session: FleetSession,
        _ configuration: Configuration,
        _ console: Console
    ) async throws -> ExitStatus {
        Terminal.outliveReader()
        let signals = try Signals.stream(of: [SIGINT, SIGTERM, SIGHUP])
        let work = Task {
            try await session.begin()
            console.note(await summary(of: session, configuration))
            try await session.watch()
        }
        let listener = Task {
            var count = 0
            for await _ in signals {
                count += 1
                if count == 1 {
                    console.note("Draining; Ctrl-C again ends it now")
                    work.cancel()
                } else {
                    await session.abortDrain()
                }
            }
        }
        defer { listener.cancel() }
        let result = await work.result
        await session.end()
        do {
            try result.get()
        } catch is CancellationError {
            console.note("Stopped")
        }
        return .done
    }

    /// The program's own commands, as far as the fleet needs them.
    private static func plan(showsLogs: Bool, probe: ProbeList.Probe) -> FleetSession.Plan {
        var plan = FleetSession.Plan()
        plan.steps = [
            .init("Database: tables are there", ["migrate"]),
            .init("Topology: queues are there", ["topology", "apply"]),
        ]
        plan.firstTime = .init(
            "The first API key (scope admin), shown only now:",
            ["key", "create", "first", "--scopes", "admin"]
        )
        plan.processes = [
            ("api", ["api"]), (probe.name, ["worker", "--probe-port", "\(probe.port)", "--probe-if-free"]),
        ]
        plan.probes = [(probe.name, probe.port)]
        plan.showsLogs = showsLogs
        return plan
    }

    private static func summary(of session: FleetSession, _ configuration: Configuration) async -> String {
        let variables = await session.variables
        let broker = variables.first { $0.name == Settings.rabbitMQ.name }.flatMap { ServerURL($0.value)?.display }
        let workers = (try? configuration.topology()).map { Set($0.queues.map(\.worker)).sorted() } ?? []
        return FirstScreen(
            port: configuration[Settings.port].number,
            broker: broker ?? configuration.display(of: Settings.rabbitMQ),
            logs: session.home.logs,
            workers: workers,
            command: CommandLine.arguments.first ?? "flotilla",
            home: configuration.source(of: Settings.home) == .environment ? session.home.path : nil
        ).text
    }

    /// The port of the time before where it is free, so that series of metrics go on.
    private static func workerProbe(_ home: Home) -> ProbeList.Probe {
        let last = home.lastProbes?.probes.first { Endpoint.isFree(loopbackPort: $0.port) }
        let port =
            last?.port
            ?? (0..<100).lazy.map { _ in Int.random(in: 20_000...32_000) }
            .first { Endpoint.isFree(loopbackPort: $0) }
        return ProbeList.Probe(name: "worker", host: "127.0.0.1", port: port ?? 20_000)
    }

    private static func checkPort(_ configuration: Configuration) throws(CommandError) {
        let port = configuration[Settings.port].number
        guard !Endpoint.isFree(loopbackPort: port) else { return }
        throw CommandError("port \(port) is taken by another program", remedy: "choose one with PORT=\(port + 1)")
    }

    /// This executable, wherever it was started from.
    private static var program: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"
    }
}
