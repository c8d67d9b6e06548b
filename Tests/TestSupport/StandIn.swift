package import Foundation
import Glibc
import Synchronization

/// A server of the tests: a script beside this file, which writes what it was given into a folder.
///
/// It ends when this object does, or is told to stop.
package final class StandIn: Sendable {
    package let folder: URL
    package let port: Int
    private let process: Process
    private let life: Pipe
    private let keepsFolder = Mutex(false)

    package static let isAvailable =
        ProcessInfo.processInfo.environment["CI"] != nil
        || FileManager.default.fileExists(atPath: "/usr/lib/python3/dist-packages/aiosmtpd")

    /// Whether the test partners from PyPI are there, which `ops/setup.sh --test` installs.
    package static let hasPartners: Bool = {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
        return environment["CI"] != nil || FileManager.default.fileExists(atPath: "\(cache)/flotilla/test-venv")
    }()

    /// - Parameters:
    ///   - folder: of an earlier one, whose certificate and port are kept; a new one by default.
    package init(_ script: String, _ arguments: [String] = [], folder: URL? = nil, port: Int? = nil) async throws {
        let folder = folder ?? FileManager.default.temporaryDirectory.appending(path: "stand-in.\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let portFile = folder.appending(path: "port")
        try? FileManager.default.removeItem(at: portFile)
        let program = URL(filePath: #filePath).deletingLastPathComponent().appending(path: script)
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [program.path, folder.path] + arguments + (port.map { ["\($0)"] } ?? [])
        process.standardError = FileHandle.nullDevice
        life = Pipe()
        process.standardInput = life
        try process.run()
        try await eventually("\(script) listens") { FileManager.default.fileExists(atPath: portFile.path) }
        self.folder = folder
        self.port = Int(try String(contentsOf: portFile, encoding: .utf8)) ?? 0
    }

    deinit {
        try? life.fileHandleForWriting.close()
        if !keepsFolder.withLock({ $0 }) { try? FileManager.default.removeItem(at: folder) }
    }

    /// Leaves the folder to the next one that is to have it.
    package func keepFolder() { keepsFolder.withLock { $0 = true } }

    /// Lets the server answer nothing any more, with its connections open.
    package func suspend() { kill(process.processIdentifier, SIGSTOP) }

    /// Lets a suspended server answer again.
    package func resume() { kill(process.processIdentifier, SIGCONT) }

    /// Takes the server down at once; its folder stays.
    package func stop() async throws {
        kill(process.processIdentifier, SIGKILL)
        try await eventually("the server ends") { !process.isRunning }
    }

    package func text(_ name: String) -> String? {
        try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    package func count(_ name: String) -> Int { text(name).flatMap { Int($0) } ?? 0 }

    /// The files of that ending in a folder of the server's, in order.
    package func files(_ name: String, _ ending: String) throws -> [Data] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: name).path)
            .filter { $0.hasSuffix(ending) }.sorted()
            .map { try Data(contentsOf: folder.appending(path: "\(name)/\($0)")) }
    }

    /// What the server of the APIs answers from now on; `nil` lets it judge for itself.
    package func answer(_ json: String?) throws {
        let file = folder.appending(path: "answer")
        guard let json else { return try FileManager.default.removeItem(at: file) }
        try Data(json.utf8).write(to: file, options: .atomic)
    }
}
