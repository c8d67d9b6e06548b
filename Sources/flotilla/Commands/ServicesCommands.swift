import FlotillaCommandLineKit
import FlotillaOperations
import FoundationEssentials

/// `flotilla services`: the private RabbitMQ, PostgreSQL and Redis of a home.
enum ServicesCommands {
    private static let only = ListOption<ServiceName>(
        "only",
        "NAMES",
        "Which of postgres, redis, rabbitmq (default all)",
        separator: ","
    )
    private static let name = Argument<ServiceName>("NAME", "postgres, redis or rabbitmq")
    private static let yes = Flag("yes", "Do it without asking")

    static let all = Command(
        "services",
        "Runs private instances of RabbitMQ, PostgreSQL and Redis",
        details: "They live in FLOTILLA_HOME (default .flotilla here). Two homes run side by side.",
        verbs: [start, stop, restart, kill, status, env, reset]
    )

    private static let start = Command(
        "start",
        "Starts what doesn't run and waits until it answers",
        takes: [only],
        examples: ["flotilla services start", "flotilla services start --only postgres,redis"]
    ) { invocation in
        let services = services()
        if services.home.isElsewhere {
            invocation.console.note(
                "The servers' users can't reach \(services.home.path): data is in \(services.home.base)"
            )
        }
        try await services.start(names(invocation), report: progress(on: invocation.console))
        return .done
    }

    private static let stop = Command(
        "stop",
        "Ends the services and leaves no process",
        takes: [only],
        examples: ["flotilla services stop", "flotilla services stop --only rabbitmq"]
    ) { invocation in
        try await services().stop(names(invocation), report: progress(on: invocation.console))
        return .done
    }

    private static let restart = Command(
        "restart",
        "Stops one service and starts it again",
        takes: [name],
        examples: ["flotilla services restart rabbitmq"]
    ) { invocation in
        let report = progress(on: invocation.console)
        try await services().stop([invocation[name]], report: report)
        try await services().start([invocation[name]], report: report)
        return .done
    }

    private static let kill = Command(
        "kill",
        "Kills one service without warning, as a crash would",
        takes: [name],
        examples: ["flotilla services kill postgres"]
    ) { invocation in
        await services().kill([invocation[name]])
        return .done
    }

    private static let status = Command(
        "status",
        "Shows which services run; fails unless all do",
        takes: [OutputFormat.option],
        examples: ["flotilla services status", "flotilla services status --output json"]
    ) { invocation in
        let status = await services().status()
        try invocation.show(status, as: Table(["service", "state", "process", "log"], status.map(row)))
        return status.allSatisfy { $0.state == .running } ? .done : .failed
    }

    private static let env = Command(
        "env",
        "Prints how to reach the services, for eval",
        takes: [OutputFormat.option],
        examples: [#"eval "$(flotilla services env)""#, "flotilla services env --output json"]
    ) { invocation in
        let services = services()
        let variables = services.variables()
        guard !variables.isEmpty else {
            throw CommandError("no service runs in \(services.home.path)", remedy: "run flotilla services start")
        }
        let all = variables + [("FLOTILLA_HOME", services.home.path), (Settings.serversOf.name, services.home.path)]
        if invocation[OutputFormat.option] == .json {
            let object = Dictionary(all.map { ($0.name, $0.value) }) { first, _ in first }
            invocation.console.print(try JSONText.encode(object))
        } else {
            for (name, value) in all { invocation.console.print("export \(name)=\(shellQuoted(value))") }
        }
        return .done
    }

    private static let reset = Command(
        "reset",
        "Ends the services and deletes all of their data",
        takes: [yes],
        examples: ["flotilla services reset --yes"]
    ) { invocation in
        let services = services()
        guard invocation[yes] else {
            throw UsageError("this deletes every message and record in \(services.home.path): add --yes")
        }
        try await services.reset(report: progress(on: invocation.console))
        return .done
    }

    private static func services() -> EmbeddedServices {
        EmbeddedServices(
            home: Home(
                environment: ProcessInfo.processInfo.environment,
                currentFolder: FileManager.default.currentDirectoryPath
            )
        )
    }

    private static func names(_ invocation: Invocation) -> [ServiceName] {
        invocation[only].isEmpty ? ServiceName.allCases : invocation[only]
    }

    private static func progress(on console: Console) -> EmbeddedServices.Report {
        { service, what in console.note("  \(service.title): \(what)") }
    }

    private static func row(_ status: ServiceStatus) -> [Table.Cell] {
        let style: Style = status.state == .running ? .green : status.state == .starting ? .yellow : .red
        return [
            .init(status.name.title), .init(status.state.rawValue, style),
            .init(status.process.map(String.init) ?? "–"), .init(status.log),
        ]
    }

    private static func shellQuoted(_ text: String) -> String {
        "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
