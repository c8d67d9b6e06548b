package import FlotillaPlatform

/// The keys that a home keeps for the audit log, in files that only their owner may read.
package struct KeyFolder: Sendable {
    /// Wraps people's keys: one key a line, the newest first.
    package static let master = "master.key"
    /// Signs checkpoints.
    package static let signing = "audit-signing.key"
    /// What checkpoints are checked with: one key a line. It may be copied to whoever checks.
    package static let verification = "audit-signing.pub"

    private let path: String

    package init(_ home: Home) { path = home.base + "/keys" }

    package func path(of name: String) -> String { "\(path)/\(name)" }

    /// The lines of the file, which is made from `make` when it is not there. Two processes make it once.
    package func lines(of name: String, orMake make: () -> Secret) throws -> Secret {
        if let text = PrivateFile.read(path(of: name)) { return Secret(text) }
        try PrivateFile.makeFolder(path)
        guard let lock = try FileLock.take(path + "/.lock", wait: true) else { throw SystemError("lock \(path)") }
        defer { extendLifetime(lock) }
        if let text = PrivateFile.read(path(of: name)) { return Secret(text) }
        let made = make()
        try PrivateFile.write(made.revealed + "\n", to: path(of: name))
        return made
    }

    /// Adds a line: in front when it is to be the current one.
    package func add(_ line: String, to name: String, inFront: Bool) throws {
        try PrivateFile.makeFolder(path)
        guard let lock = try FileLock.take(path + "/.lock", wait: true) else { throw SystemError("lock \(path)") }
        defer { extendLifetime(lock) }
        let old = PrivateFile.read(path(of: name)) ?? ""
        let lines = old.split(separator: "\n").map(String.init)
        guard !lines.contains(line) else { return }
        let all = inFront ? [line] + lines : lines + [line]
        try PrivateFile.write(all.joined(separator: "\n") + "\n", to: path(of: name))
    }

    /// `nil` when there is no such file.
    package func read(_ name: String) -> String? { PrivateFile.read(path(of: name)) }
}
