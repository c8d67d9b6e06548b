package import FlotillaPlatform
import Glibc

/// The keys that a home keeps for the audit log, in files that only their owner may read.
package struct KeyFolder: Sendable {
    /// Wraps people's keys: one key a line, the newest first.
    package static let master = "master.key"
    /// Signs checkpoints.
    package static let signing = "audit-signing.key"
    /// What checkpoints are checked with: one key a line. It may be copied to whoever checks.
    package static let verification = "audit-signing.pub"

    private let path: String
    private let isForeign: Bool

    package init(_ home: Home) { (path, isForeign) = (home.base + "/keys", home.isForeign) }

    package func path(of name: String) -> String { "\(path)/\(name)" }

    /// The lines of the file, which is made from `make` when it is not there. Two processes make it once.
    package func lines(of name: String, orMake make: () -> Secret) throws -> Secret {
        if let text = read(name) { return Secret(text) }
        try makeFolder()
        guard let lock = try FileLock.take(path + "/.lock", wait: true) else { throw SystemError("lock \(path)") }
        defer { extendLifetime(lock) }
        if let text = read(name) { return Secret(text) }
        let made = make()
        try PrivateFile.write(made.revealed + "\n", to: path(of: name))
        return made
    }

    /// Adds a line: in front when it is to be the current one.
    package func add(_ line: String, to name: String, inFront: Bool) throws {
        try makeFolder()
        guard let lock = try FileLock.take(path + "/.lock", wait: true) else { throw SystemError("lock \(path)") }
        defer { extendLifetime(lock) }
        let old = read(name) ?? ""
        let lines = old.split(separator: "\n").map(String.init)
        guard !lines.contains(line) else { return }
        let all = inFront ? [line] + lines : lines + [line]
        try PrivateFile.write(all.joined(separator: "\n") + "\n", to: path(of: name))
    }

    /// `nil` when there is no such file, and in a home of somebody else, whose keys are not ours.
    package func read(_ name: String) -> String? { isForeign ? nil : PrivateFile.read(path(of: name)) }

    private func makeFolder() throws(SystemError) {
        guard !isForeign else { throw SystemError("keep keys in \(path)", code: EACCES) }
        try PrivateFile.makeFolder(path)
    }
}
