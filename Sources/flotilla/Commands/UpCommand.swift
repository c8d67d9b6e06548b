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
        for warning in configuration.warnings { invocation.console.note("flotilla: \(warning)") }
        guard let lock = try configuration.home.lockSession() else {
            throw CommandError(
                "another flotilla up runs in \(configuration.home.path)",
                remedy: "stop it, or set FLOTILLA_HOME"
            )
        }
        defer { extendLifetime(lock) }
        try checkPort(configuration)
        let mistakes = await invocation.program.mistakes(configuration)
        guard mistakes.isEmpty else { throw CommandError(mistakes.joined(separator: "\n"), status: .wrongUse) }
        let session = FleetSession(
            plan(showsLogs: invocation[logs]),
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
    private static func plan(showsLogs: Bool) -> FleetSession.Plan {
        var plan = FleetSession.Plan()
        plan.steps = [
            .init("Database: tables are there", ["migrate"]),
            .init("Topology: queues are there", ["topology", "apply"]),
        ]
        plan.firstTime = .init("API key, shown only now:", ["key", "create", "first", "--scopes", "admin"])
        plan.processes = [("api", ["api"]), ("worker", ["worker"])]
        plan.showsLogs = showsLogs
        return plan
    }

    private static func summary(of session: FleetSession, _ configuration: Configuration) async -> String {
        let variables = await session.variables
        let broker = variables.first { $0.name == Settings.rabbitMQ.name }.flatMap { ServerURL($0.value)?.display }
        let command = CommandLine.arguments.first ?? "flotilla"
        return """

            API       http://127.0.0.1:\(configuration[Settings.port].number)/api/v1  (try /health/ready)
            RabbitMQ  \(broker ?? configuration.display(of: Settings.rabbitMQ))
            Logs      \(session.home.logs)

            Publish   eval "$(\(command) services env)"
                      amqp-publish -u "$RABBITMQ_URL" -e fleet.topic -r profile.viewed -C application/json -b '{…}'
            Stop      Ctrl-C

            """
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
