import Foundation

/// Somebody else's program.
enum Program {
    /// Runs it to its end, for which the thread waits.
    static func exitCode(of path: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
