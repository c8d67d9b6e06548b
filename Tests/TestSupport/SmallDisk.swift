package import Foundation
import Glibc

/// A file system in memory of a size of its own.
package struct SmallDisk {
    package let folder = FileManager.default.temporaryDirectory.appending(path: "disk.\(UUID().uuidString)")

    /// Whether a file system can be mounted, which takes root. Under `CI` root has to be able to.
    package static let isPossible: Bool = {
        if geteuid() == 0, ProcessInfo.processInfo.environment["CI"] != nil { return true }
        guard let disk = try? SmallDisk(kilobytes: 64) else { return false }
        disk.remove()
        return true
    }()

    package init(kilobytes: Int) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        do {
            try Self.mount("-t tmpfs -o size=\(kilobytes)k tmpfs", folder)
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
    }

    package func grow(toKilobytes kilobytes: Int) throws { try Self.mount("-o remount,size=\(kilobytes)k", folder) }

    package func files() -> [String] {
        FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String }.filter { $0.contains(".") }
            ?? []
    }

    package func remove() {
        try? Self.run(["umount", folder.path])
        try? FileManager.default.removeItem(at: folder)
    }

    private static func mount(_ words: String, _ folder: URL) throws {
        try run(["mount"] + words.split(separator: " ").map(String.init) + [folder.path])
    }

    private static func run(_ words: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestSetupError(description: "\(words[0]) ended with \(process.terminationStatus)")
        }
    }
}
