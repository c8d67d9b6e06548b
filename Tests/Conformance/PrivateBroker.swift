import FlotillaMessaging
import Foundation
import Testing

/// A RabbitMQ of a test's own, run by the `flotilla` command in a home that is thrown away: it may be broken at will.
struct PrivateBroker: Sendable {
    let configuration: RabbitMQConfiguration
    private let command: String
    private let home: URL

    static func with(_ body: (PrivateBroker) async throws -> Void) async throws {
        let command = try #require(RabbitMQEnvironment.command)
        let home = URL(filePath: "/tmp/flotilla-conformance.\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        do {
            try await run(command, ["services", "start", "--only", "rabbitmq"], home)
            let env = try await run(command, ["services", "env", "--output", "json"], home)
            let variables = try JSONDecoder().decode([String: String].self, from: Data(env.utf8))
            let configuration = try RabbitMQConfiguration(url: variables["RABBITMQ_URL"] ?? "")
            try await body(PrivateBroker(configuration: configuration, command: command, home: home))
        } catch {
            _ = try? await run(command, ["services", "reset", "--yes"], home)
            throw error
        }
        try await run(command, ["services", "reset", "--yes"], home)
    }

    func restart() async throws { try await services("restart", "rabbitmq") }

    func kill() async throws { try await services("kill", "rabbitmq") }

    func start() async throws { try await services("start", "--only", "rabbitmq") }

    /// Raises or lowers the share of memory at which the broker stops taking messages.
    func setMemoryLimit(_ share: String) async throws {
        let data = home.appending(path: "rabbitmq")
        let cookie = try String(contentsOf: data.appending(path: ".erlang.cookie"), encoding: .utf8)
        let ports = try String(
            contentsOf: home.appending(path: "control/rabbitmq.ports"),
            encoding: .utf8
        )
        let words = ports.split(whereSeparator: \.isWhitespace)
        try await Self.run(
            "/usr/lib/rabbitmq/bin/rabbitmqctl",
            [
                "--erlang-cookie", cookie, "-n", "flotilla@localhost", "set_vm_memory_high_watermark",
                share,
            ],
            home,
            ["ERL_EPMD_PORT": words.count > 2 ? String(words[2]) : "", "HOME": NSTemporaryDirectory()]
        )
    }

    private func services(_ arguments: String...) async throws {
        try await Self.run(command, ["services"] + arguments, home)
    }

    @discardableResult
    private static func run(
        _ command: String,
        _ arguments: [String],
        _ home: URL,
        _ variables: [String: String] = [:]
    ) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: command)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(["FLOTILLA_HOME": home.path]) { $1 }
            .merging(variables) { $1 }
        let output = home.appending(path: "output.\(UUID().uuidString.prefix(8))")
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        let text = try String(contentsOf: output, encoding: .utf8)
        guard process.terminationStatus == 0 else {
            throw CommandFailure(command: ([command] + arguments).joined(separator: " "), output: text)
        }
        return text
    }
}

struct CommandFailure: Error {
    let command: String
    let output: String
}
