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
        /// The ports of this machine where those processes of them that have one serve `/health` and `/metrics`.
        package var probes: [(process: String, port: Int)] = []
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
    /// Those that are being started or stopped just now.
    private var starting: Set<ServiceName> = []
    private var ownMarkerFile: String { home.control + "/started-by-up" }
    /// Bytes that a server needs on its disk to start: RabbitMQ takes messages from 50 MB on.
    private static let roomNeeded = 80_000_000

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
        for (process, port) in plan.probes { try await waitUntilReady(process, port) }
        for (name, process) in await supervisor.processes.sorted(by: { $0.key < $1.key }) {
            console.note("  \(name): process \(process)")
        }
        if let firstOutput { console.print(firstOutput) }
    }

    /// Restarts what dies, until the task is cancelled. Nothing waits for anything else that has to be restarted.
    package func watch() async throws {
        let rotation = LogRotation(home) { [console] in console.note("  \($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await rotation.run() }
            group.addTask { try await self.tend() }
            for service in needed {
                group.addTask { try await self.keepRunning(service) }
                group.addTask { try await self.mend(service) }
            }
            try await group.waitForAll()
        }
    }

    private func tend() async throws {
        while true {
            try await Task.sleep(for: .milliseconds(250))
            await supervisor.tend()
            ServiceProcess.reapEnded()
        }
    }

    private func keepRunning(_ service: ServiceName) async throws {
        while true {
            try await Task.sleep(for: .milliseconds(250))
            guard !services.isRunning(service), !starting.contains(service) else { continue }
            console.note("  \(service.title) ended: starting it again")
            await start(service)
        }
    }

    /// Starts a server again that lives and is of no use any more, once its disk has room.
    private func mend(_ service: ServiceName) async throws {
        var watch = ServiceConditionWatch()
        var isWaitingForRoom = false
        while true {
            try await Task.sleep(for: ServiceConditionWatch.interval)
            guard services.isRunning(service), !starting.contains(service) else {
                watch.reset()
                continue
            }
            guard watch.note(await services.condition(of: service)) else { continue }
            guard PrivateFile.freeSpace(at: home.base) ?? .max >= Self.roomNeeded else {
                if !isWaitingForRoom { console.note("  \(service.title) is out of order, and its disk is full") }
                isWaitingForRoom = true
                continue
            }
            try Task.checkCancellation()
            console.note(
                watch.restarts == 0
                    ? "  \(service.title) lives but is out of order: starting it again"
                    : "  \(service.title) is out of order still, a new start did not help: starting it again; "
                        + "the time to the next doubles (see \(home.logs)/\(service.rawValue).log)"
            )
            isWaitingForRoom = false
            watch.noteRestart()
            starting.insert(service)
            do { try await services.stop([service], report: progress) } catch { console.note("  \(error)") }
            starting.remove(service)
            await start(service)
        }
    }

    private func start(_ service: ServiceName) async {
        starting.insert(service)
        defer { starting.remove(service) }
        do {
            try await services.start([service], report: progress)
        } catch is CancellationError {
        } catch {
            console.note("  \(error)")
            try? await Task.sleep(for: .seconds(5))
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
        let isPartlyDone = end == .exited(ExitStatus.partlyDone.rawValue)
        guard end.isSuccess || isPartlyDone else { throw failure(of: step, end, output + messages) }
        console.note("  \(step.title)")
        for line in messages.split(separator: "\n") where line.hasPrefix("Warning:") { console.note("  \(line)") }
        if isPartlyDone {
            console.note(
                "  Warning: not all is as it should be; flotilla \(step.arguments.joined(separator: " ")) says:"
            )
            for line in output.split(separator: "\n").prefix(10) { console.note("    \(line)") }
        }
    }

    private func firstTime() async throws -> String? {
        let mark = home.control + "/first-time-done"
        guard let step = plan.firstTime, PrivateFile.read(mark) == nil else { return nil }
        let (end, output, messages) = try await supervisor.run(step.arguments, scratch: home.control)
        guard end.isSuccess else { throw failure(of: step, end, output + messages) }
        try PrivateFile.write("", to: mark, owner: home.owner)
        return "\n\(step.title)\n\(output)"
    }

    private func failure(of step: Step, _ end: ProcessEnd, _ output: String) -> CommandError {
        let lines = output.split(separator: "\n").suffix(5).joined(separator: " | ")
        return CommandError(
            "\(step.title) did not work (\(end)): \(lines)",
            remedy: "mend it and run flotilla up again"
        )
    }

    /// Waits for a while: what a process lacks may come later, and then it goes on by itself.
    private func waitUntilReady(_ process: String, _ port: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if await isAnswering("/health/ready", port) { return console.note("  \(process): ready") }
            await supervisor.tend()
            try await Task.sleep(for: .milliseconds(100))
        }
        console.note("  \(process): not ready yet; see \(home.logs)/\(process).log")
    }

    private func isAnswering(_ path: String, _ port: Int) async -> Bool {
        let request = Array("GET \(path) HTTP/1.0\r\nHost: localhost\r\n\r\n".utf8)
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: port)
        guard let answer = try? await endpoint.ask(request, until: { $0.count >= 12 }) else { return false }
        return String(decoding: answer.prefix(12), as: UTF8.self).hasSuffix(" 200")
    }

    private func waitForAPI() async throws {
        guard plan.processes.contains(where: { $0.name == "api" }) else { return }
        let port = configuration[Settings.port].number
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if await isAnswering("/health/live", port) { return }
            await supervisor.tend()
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CommandError("the API does not answer at 127.0.0.1:\(port)", remedy: "see \(home.logs)/api.log")
    }
}
