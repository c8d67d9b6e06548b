import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Glibc

/// PostgreSQL of a test's own, which it may stop, demote or fill. It listens on a Unix socket in its folder.
final class PostgresServer: Sendable {
    static let isAvailable =
        ProcessInfo.processInfo.environment["CI"] != nil || FileManager.default.fileExists(atPath: programs)

    /// Those of the newest version; a folder without the server is a client's.
    private static let programs: String = {
        let (folder, files) = ("/usr/lib/postgresql", FileManager.default)
        let versions = ((try? files.contentsOfDirectory(atPath: folder)) ?? []).compactMap { Int($0) }
        let newest = versions.filter { files.fileExists(atPath: "\(folder)/\($0)/bin/postgres") }.max()
        return "\(folder)/\(newest ?? 0)/bin"
    }()
    private static let user = "flotilla"
    /// As root the programs refuse to run.
    private static let account =
        getuid() == 0 ? ["/usr/bin/setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] : []

    let folder: String
    private var data: String { folder + "/data" }

    var socket: String { folder + "/.s.PGSQL.5432" }
    var url: String { "postgresql://\(Self.user)@/postgres?host=\(folder)" }

    private init(folder: String) { self.folder = folder }

    /// Starts a server, lends it to `body`, and leaves nothing of it.
    static func with(
        settings: [String] = [],
        _ body: (PostgresServer) async throws -> Void
    ) async throws {
        let server = try PostgresServer(folder: makeFolder())
        let result: Result<Void, any Error>
        do {
            try await run([
                programs + "/initdb", "--pgdata", server.data, "--username", user, "--auth", "trust", "--no-sync",
                "--no-instructions", "--encoding", "UTF8",
            ])
            try await server.start(settings)
            result = .success(try await body(server))
        } catch { result = .failure(error) }
        try await server.remove()
        try result.get()
    }

    /// Makes a hot standby of this server, and lends it to `body`.
    func withStandby(_ body: (PostgresServer) async throws -> Void) async throws {
        let standby = try PostgresServer(folder: Self.makeFolder())
        let result: Result<Void, any Error>
        do {
            try await Self.run([
                Self.programs + "/pg_basebackup", "--pgdata", standby.data, "--host", folder, "--username", Self.user,
                "--write-recovery-conf", "--wal-method", "stream", "--checkpoint", "fast", "--no-sync",
            ])
            try await standby.start([])
            result = .success(try await body(standby))
        } catch { result = .failure(error) }
        try await standby.remove()
        try result.get()
    }

    /// The server's processes, the first one first.
    func processes() throws -> [pid_t] {
        let line = try String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8).split(separator: "\n").first
        guard let first = line.flatMap({ pid_t($0) }) else { throw TestSetupError(description: "no process") }
        let children = try? String(contentsOfFile: "/proc/\(first)/task/\(first)/children", encoding: .utf8)
        return [first] + (children ?? "").split(separator: " ").compactMap { pid_t($0) }
    }

    /// Stops all of its processes where they stand.
    func freeze() throws { for process in try processes() { kill(process, SIGSTOP) } }

    func thaw() throws { for process in try processes().reversed() { kill(process, SIGCONT) } }

    private func start(_ settings: [String]) async throws {
        let options =
            ["listen_addresses=", "unix_socket_directories=\(folder)", "max_connections=50", "fsync=off"] + settings
        // Not by `pg_ctl`: a `Process` whose child leaves a server behind is never seen to end.
        let process = Self.process([Self.programs + "/postgres", "-D", data] + options.flatMap { ["-c", $0] })
        try process.run()
        let pool = PostgresPool(try PostgresConfiguration(url: url), size: 1, name: "start")
        try await eventually("the server is up", within: .seconds(120), every: .milliseconds(50)) {
            guard process.isRunning else { throw TestSetupError(description: "the server has ended") }
            return (try? await pool.ping()) != nil
        }
        await pool.close()
    }

    private func remove() async throws {
        try? thaw()
        try? await Self.run([Self.programs + "/pg_ctl", "--pgdata", data, "--mode", "immediate", "--wait", "stop"])
        try FileManager.default.removeItem(atPath: folder)
    }

    private static func makeFolder() throws -> String {
        // Short, for the socket's path.
        let folder = "/tmp/flotilla-pg-" + TestServers.uniqueWord()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        if getuid() == 0, let account = getpwnam("postgres") {
            chown(folder, account.pointee.pw_uid, account.pointee.pw_gid)
        }
        return folder
    }

    private static func process(_ words: [String]) -> Process {
        let words = account + words
        let process = Process()
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    private static func run(_ words: [String]) async throws {
        let process = process(words)
        try process.run()
        try await eventually("\(words.joined(separator: " ")) ends", within: .seconds(180)) { !process.isRunning }
        guard process.terminationStatus == 0 else {
            throw TestSetupError(description: "\(words.joined(separator: " ")): \(process.terminationStatus)")
        }
    }
}
