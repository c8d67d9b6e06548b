package import FlotillaPlatform
import FoundationEssentials
import Glibc

/// Keeps processes of this program running: starts them, restarts those that die, ends them in good order.
///
/// The kernel ends a child when the thread that started it ends, so the children go down with a killed supervisor.
/// That thread is the actor's own, which lives as long as the process.
package actor Supervisor {
    private let thread = ThreadExecutor(name: "supervisor")
    private let program: String
    private let environment: [String: String]
    private let report: @Sendable (String) -> Void
    private var children: [SupervisedProcess] = []

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// - Parameter environment: everything that the children see.
    package init(program: String, environment: [String: String], report: @escaping @Sendable (String) -> Void) {
        (self.program, self.environment, self.report) = (program, environment, report)
    }

    /// Starts a process that is to run until ``stop(timeout:)``.
    ///
    /// - Parameter log: where its output goes; nil is this process's standard error.
    package func keepRunning(_ name: String, _ arguments: [String], log: String?) throws {
        var child = SupervisedProcess(name: name, arguments: arguments, log: log ?? "")
        try start(&child)
        children.append(child)
    }

    /// Runs the program once with these arguments.
    ///
    /// - Returns: how it ended, and what it wrote to standard output and to standard error.
    package func run(_ arguments: [String], scratch: String) async throws -> (
        end: ProcessEnd, output: String, messages: String
    ) {
        let paths = ["\(scratch)/output.\(getpid())", "\(scratch)/error.\(getpid())"]
        defer { for path in paths { unlink(path) } }
        var request = ProcessRequest(program, arguments, environment: environment)
        request.parentDeathSignal = SIGTERM
        request.output = try PrivateFile.openLog(paths[0])
        defer { close(request.output) }
        request.error = try PrivateFile.openLog(paths[1])
        defer { close(request.error) }
        let process = try request.start()
        while true {
            if let end = ProcessEnd.reap(process) {
                return (end, PrivateFile.read(paths[0]) ?? "", PrivateFile.read(paths[1]) ?? "")
            }
            do {
                try await Task.sleep(for: .milliseconds(20))
            } catch {
                kill(process, SIGTERM)
                throw error
            }
        }
    }

    /// The running children, by name.
    package var processes: [String: Int] {
        var found: [String: Int] = [:]
        for child in children { found[child.name] = child.process.map(Int.init) }
        return found
    }

    /// Restarts what has died and is due; call it a few times per second.
    package func tend() {
        for index in children.indices {
            if let process = children[index].process, let end = ProcessEnd.reap(process) {
                let delay = children[index].hasEnded(at: .now)
                report("\(children[index].name) ended (\(end)): starting it again in \(delay.rounded)\(tail(index))")
            }
            guard children[index].isDue(at: .now) else { continue }
            do {
                try start(&children[index])
            } catch {
                children[index].state = .waiting(until: .now + .seconds(5))
                report("\(children[index].name) can't be started: \(error)")
            }
        }
    }

    /// Asks all children to end, and ends those that have not within `timeout`; returns when none is left.
    package func stop(timeout: Duration) async {
        signalAll(SIGTERM)
        let deadline = ContinuousClock.now + timeout
        while reapAll() {
            if ContinuousClock.now >= deadline { signalAll(SIGKILL) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Sends a signal to every running child.
    package func signalAll(_ number: CInt) {
        for child in children { if let process = child.process { kill(process, number) } }
    }

    private func reapAll() -> Bool {
        children.removeAll { child in child.process.map { ProcessEnd.reap($0) != nil } ?? true }
        return !children.isEmpty
    }

    private func start(_ child: inout SupervisedProcess) throws {
        var request = ProcessRequest(program, child.arguments, environment: environment)
        request.parentDeathSignal = SIGTERM
        let log = child.log.isEmpty ? nil : try PrivateFile.openLog(child.log)
        defer { if let log { close(log) } }
        request.output = log ?? 2
        request.error = log ?? 2
        child.state = .running(process: try request.start(), since: .now)
    }

    private func tail(_ index: Int) -> String {
        guard let text = PrivateFile.read(children[index].log), let line = text.split(separator: "\n").last else {
            return ""
        }
        return "; its last line: \(line.prefix(300))"
    }
}

extension Duration {
    fileprivate var rounded: String {
        let tenths = Int((self / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
