package import Foundation
import Glibc

/// A program of ours, run as a user would run it.
package final class WorkerProcess: Sendable {
    private let process: Process

    /// - Parameters:
    ///   - environment: added to that of the test.
    ///   - log: the file that takes its output, appended to.
    package init(program: URL, arguments: [String], environment: [String: String] = [:], log: URL) throws {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if !FileManager.default.fileExists(atPath: log.path) {
            _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
    }

    /// A test that fails leaves no process behind.
    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    package var isRunning: Bool { process.isRunning }

    package var processID: Int32 { process.processIdentifier }

    package func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for its end; returns the exit code, or the number of the fatal signal made negative.
    package func waitForEnd(within limit: Duration = .seconds(60)) async throws -> Int32 {
        try await eventually("the process ends", within: limit) { !process.isRunning }
        return process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
    }

    /// Ends it by `SIGTERM`, and by `SIGKILL` when it does not end.
    @discardableResult
    package func stop() async throws -> Int32 {
        send(SIGTERM)
        do {
            return try await waitForEnd()
        } catch {
            send(SIGKILL)
            throw error
        }
    }
}
