package import FlotillaCommandLineKit
import FlotillaPlatform
import FoundationEssentials
import Glibc

/// Everything that `flotilla up` starts, from the servers to the workers, and how it ends again.
package actor FleetSession {
    /// A command that has to succeed before the fleet starts.
    package struct Step: Sendable {
        let title: String
        let arguments: [String]

        package init(_ title: String, _ arguments: [String]) { (self.title, self.arguments) = (title, arguments) }
    }

    /// What there is to start, decided by the program: its own commands.
    package struct Plan: Sendable {
        package var steps: [Step] = []
        /// Run once per home; what it prints to standard output is shown to the person, under its title.
        package var firstTime: Step?
        /// Kept running, each under its name.
        package var processes: [(name: String, arguments: [String])] = []
        package var showsLogs = false

        package init() {}
    }

    package nonisolated let home: Home
    private let plan: Plan
    private let configuration: Configuration
    private let services: EmbeddedServices
    private let supervisor: Supervisor
    private let console: Console
    /// The services that no URL replaces.
    private let needed: [ServiceName]
    private var ownMarkerFile: String { home.control + "/started-by-up" }

    package init(
        _ plan: Plan,
        configuration: Configuration,
        environment: [String: String],
        program: String,
        console: Console
    ) {
        (self.plan, self.configuration, self.console, home) = (plan, configuration, console, configuration.home)
        services = EmbeddedServices(home: home)
        var needed: [ServiceName] = []
        for (service, setting) in [
            (.postgres, Settings.database), (.redis, Settings.redis), (.rabbitmq, Settings.rabbitMQ),
        ] as [(ServiceName, Setting<Secret>)] {
            let source = configuration.source(of: setting)
            if source == .home || source == .absent { needed.append(service) }
        }
        self.needed = needed
        var inherited = environment
        inherited["FLOTILLA_HOME"] = home.path
        supervisor = Supervisor(program: program, environment: inherited) { console.note("  \($0)") }
    }

    /// Brings everything up. Cancelling the task stops half-way; ``end()`` cleans up in any case.
    package func begin() async throws {
        console.note("Flotilla in \(home.path)" + (home.isElsewhere ? ", data in \(home.base)" : ""))
        if !needed.isEmpty { try await startServices() }
        for step in plan.steps { try await carryOut(step) }
        let firstOutput = try await firstTime()
        for (name, arguments) in plan.processes {
            try await supervisor.keepRunning(
                name,
                arguments,
                log: plan.showsLogs ? nil : "\(home.logs)/\(name).log"
            )
        }
        try await waitForAPI()
        for (name, process) in await supervisor.processes.sorted(by: { $0.key < $1.key }) {
            console.note("  \(name): process \(process)")
        }
        if let firstOutput { console.print(firstOutput) }
    }

    /// Restarts what dies, until the task is cancelled.
    package func watch() async throws {
        while true {
            try await Task.sleep(for: .milliseconds(250))
            await supervisor.tend()
            let dead = needed.filter { !services.isRunning($0) }
            guard !dead.isEmpty else { continue }
            console.note("  \(dead.map(\.title).joined(separator: ", ")) ended: starting again")
            do {
                try await services.start(dead, report: progress)
            } catch let error as ServiceError {
                console.note("  \(error)")
                try await Task.sleep(for: .seconds(5))
            }
        }
    }

    /// Drains the processes and stops the servers that this session, or a killed one before it, has started.
    package func end() async {
        // The children drain within the time they were given; a little more is for what they close afterwards.
        await supervisor.stop(timeout: configuration[Settings.drain] + .seconds(5))
        guard let text = PrivateFile.read(ownMarkerFile) else { return }
        let names = text.split(separator: "\n").compactMap { ServiceName(rawValue: String($0)) }
        do {
            try await services.stop(names, report: progress)
            unlink(ownMarkerFile)
        } catch { console.note("  \(error)") }
    }

    /// The second wish to stop: the children end at once, finished or not.
    package func abortDrain() async {
        await supervisor.signalAll(SIGTERM)
        try? await Task.sleep(for: .seconds(2))
        await supervisor.signalAll(SIGKILL)
    }

    /// What a client needs to reach the embedded servers.
    package var variables: [(name: String, value: String)] { services.variables() }

    private var progress: EmbeddedServices.Report {
        { [console] service, what in console.note("  \(service.title): \(what)") }
    }

    private func startServices() async throws {
        try home.prepare()
        // Marked before they start, so that a killed session's servers are still known as its own.
        let foreign = PrivateFile.read(ownMarkerFile) == nil ? needed.filter { services.isRunning($0) } : []
        let own = needed.filter { !foreign.contains($0) }
        try PrivateFile.write(own.map { $0.rawValue + "\n" }.joined(), to: ownMarkerFile, owner: home.owner)
        try await services.start(needed, report: progress)
    }

    private func carryOut(_ step: Step) async throws {
        let (end, output, messages) = try await supervisor.run(step.arguments, scratch: home.control)
        guard end.isSuccess else { throw failure(of: step, end, output + messages) }
        console.note("  \(step.title)")
    }

    private func firstTime() async throws -> String? {
        let mark = home.control + "/first-time-done"
        guard let step = plan.firstTime, PrivateFile.read(mark) == nil else { return nil }
        let (end, output, messages) = try await supervisor.run(step.arguments, scratch: home.control)
        guard end.isSuccess else { throw failure(of: step, end, output + messages) }
        try PrivateFile.write("", to: mark, owner: home.owner)
        return "\n\(step.title)  \(output)"
    }

    private func failure(of step: Step, _ end: ProcessEnd, _ output: String) -> CommandError {
        let lines = output.split(separator: "\n").suffix(5).joined(separator: " | ")
        return CommandError(
            "\(step.title) did not work (\(end)): \(lines)",
            remedy: "mend it and run flotilla up again"
        )
    }

    private func waitForAPI() async throws {
        guard plan.processes.contains(where: { $0.name == "api" }) else { return }
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: configuration[Settings.port].number)
        let request = Array("GET /health/live HTTP/1.0\r\nHost: localhost\r\n\r\n".utf8)
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if let answer = try? await endpoint.ask(request, until: { $0.count >= 12 }),
                String(decoding: answer.prefix(12), as: UTF8.self).hasSuffix(" 200")
            {
                return
            }
            await supervisor.tend()
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CommandError("the API does not answer at \(endpoint)", remedy: "see \(home.logs)/api.log")
    }
}
