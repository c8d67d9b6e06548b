import FlotillaTestSupport
import Foundation

/// Somebody else's program.
enum Program {
    /// Runs it to its end.
    static func exitCode(of path: String, _ arguments: [String]) async throws -> Int32 {
        try await offPool { try Self.waitForExitCode(of: path, arguments) }
    }

    /// Runs it to its end, for which the thread waits.
    static func waitForExitCode(of path: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    struct Output: Sendable {
        let status: Int32
        let text: String
        let messages: String
    }

    /// Runs it to its end with nothing but this environment, and keeps what it says, which has to be short.
    static func output(
        of path: String,
        _ arguments: [String],
        environment: [String: String]
    ) async throws -> Output {
        try await offPool { try Self.waitForOutput(of: path, arguments, environment: environment) }
    }

    private static func waitForOutput(
        of path: String,
        _ arguments: [String],
        environment: [String: String]
    ) throws -> Output {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let (text, messages) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (text, messages)
        try process.run()
        let said = (try text.fileHandleForReading.readToEnd(), try messages.fileHandleForReading.readToEnd())
        process.waitUntilExit()
        return Output(
            status: process.terminationStatus,
            text: String(decoding: said.0 ?? Data(), as: UTF8.self),
            messages: String(decoding: said.1 ?? Data(), as: UTF8.self)
        )
    }
}
