import FlotillaPlatform
import FlotillaTestSupport
import Foundation

/// A home in a folder of its own, driven by the built command.
struct TestHome: Sendable {
    struct Output: Sendable {
        let status: Int32
        let text: String
        let messages: String
    }

    /// The servers are Debian's; without them these tests can't be carried out, which is a failure under `CI`.
    static let areServersInstalled =
        ProcessInfo.processInfo.environment["CI"] != nil
        || ["/usr/bin/redis-server", "/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/lib/postgresql"].allSatisfy {
            FileManager.default.fileExists(atPath: $0)
        }

    let path: String

    /// Hands a home to `body`, and leaves nothing of it.
    static func with<R>(folder: String = "", _ body: (TestHome) async throws -> R) async throws -> R {
        let root = TestServers.homes + "/flotilla-e2e-" + TestServers.uniqueWord()
        let home = TestHome(path: root + folder)
        let result: Result<R, any Error>
        do { result = .success(try await body(home)) } catch { result = .failure(error) }
        let reset = try await home.run("services", "reset", "--yes")
        try? FileManager.default.removeItem(atPath: root)
        if reset.status != 0 { throw TestSetupError(description: reset.messages) }
        return try result.get()
    }

    /// Runs `flotilla` in this home, without the servers of the test run.
    func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Output {
        try await run(arguments, environment: environment)
    }

    func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Output {
        let process = process(arguments, environment)
        let output = Pipe()
        let messages = Pipe()
        process.standardOutput = output
        process.standardError = messages
        try process.run()
        async let text = Self.read(output)
        async let said = Self.read(messages)
        let (first, second) = try await (text, said)
        try await eventually("the command ends", within: .seconds(10)) { !process.isRunning }
        return Output(status: process.terminationStatus, text: first, messages: second)
    }

    /// Starts `flotilla` in this home and kills it once `condition` holds.
    func runUntil(_ condition: () throws -> Bool, _ arguments: String...) async throws {
        let process = process(arguments, [:])
        process.standardError = FileHandle.nullDevice
        try process.run()
        try await eventually("the moment to kill comes", within: .seconds(60), every: .milliseconds(1)) {
            try condition() || !process.isRunning
        }
        kill(process.processIdentifier, SIGKILL)
        try await eventually("it is dead") { !process.isRunning }
    }

    /// The processes that stand in the home or name it.
    func processes() -> [CInt] {
        ProcessTable.all().filter { process in
            guard process != getpid(), ProcessTable.isAlive(process) else { return false }
            let folder = ProcessTable.workingDirectory(of: process) ?? ""
            let words = (try? Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline"))) ?? Data()
            return folder.hasPrefix(path) || String(decoding: words, as: UTF8.self).contains(path)
        }
    }

    /// The process id of a service, by `services status`.
    func process(of service: String) async throws -> CInt? {
        struct Row: Decodable {
            let name: String
            let process: CInt?
        }
        let status = try await run("services", "status", "--output", "json")
        let rows = try JSONDecoder().decode([Row].self, from: Data(status.text.utf8))
        return rows.first { $0.name == service }?.process
    }

    /// Has the private broker evaluate an Erlang expression, which ends with a full stop.
    func evaluateOnBroker(_ expression: String) async throws {
        let ports = try String(contentsOfFile: path + "/control/rabbitmq.ports", encoding: .utf8)
        let cookie = try String(contentsOfFile: path + "/rabbitmq/.erlang.cookie", encoding: .utf8)
        let words = ports.split(whereSeparator: \.isWhitespace)
        let log = path + "-rabbitmqctl.log"
        let control = try WorkerProcess(
            program: URL(filePath: "/usr/lib/rabbitmq/bin/rabbitmqctl"),
            arguments: ["--erlang-cookie", cookie, "-n", "flotilla@localhost", "eval", expression],
            environment: ["ERL_EPMD_PORT": words.count > 2 ? String(words[2]) : "", "HOME": NSTemporaryDirectory()],
            log: URL(filePath: log)
        )
        let status = try await control.waitForEnd(within: .seconds(240))
        let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        try? FileManager.default.removeItem(atPath: log)
        guard status == 0 else { throw TestSetupError(description: "rabbitmqctl ended with \(status): \(said)") }
    }

    private func process(_ arguments: [String], _ environment: [String: String]) -> Process {
        let process = Process()
        process.executableURL = TestServers.programs.appending(path: "flotilla")
        process.arguments = arguments
        process.environment = ["FLOTILLA_HOME": path, "PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }

    private static func read(_ pipe: Pipe) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
                    }
                )
            }
        }
    }
}
