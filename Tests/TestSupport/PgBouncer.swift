import Foundation
import Glibc
import Synchronization

/// A PgBouncer of the test's own, in front of a Postgres that is reached by a socket in a folder.
package final class PgBouncer: Sendable {
    package enum Mode: String, Sendable { case session, transaction, statement }

    private static let program = "/usr/sbin/pgbouncer"

    package static let isAvailable =
        ProcessInfo.processInfo.environment["CI"] != nil || FileManager.default.fileExists(atPath: program)

    private let folder: URL
    private let server: URLComponents
    private let process: Mutex<WorkerProcess?> = Mutex(nil)

    /// - Parameters:
    ///   - url: the server's; it names the socket's folder as `host`, and a user who needs no password.
    ///   - sessions: how many it has with the server at most, for each database.
    package init(_ mode: Mode, before url: String, sessions: Int = 2) async throws {
        guard let server = URLComponents(string: url) else {
            throw TestSetupError(description: "no URL: \(url)")
        }
        self.server = server
        folder = URL(filePath: "/tmp/pgbouncer-" + TestServers.uniqueWord())
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // PgBouncer refuses to be root: it becomes the user of the server, whose socket nobody else reaches.
        _ = chmod(folder.path, 0o777)
        try await start(mode, sessions: sessions)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The address of a database behind it.
    package func url(database: String? = nil) -> String {
        let name = database ?? server.path.replacingOccurrences(of: "/", with: "")
        return "postgresql://\(server.user ?? "flotilla")@/\(name)?host=\(folder.path)&port=6432"
    }

    /// Ends it and starts it anew.
    package func restart(_ mode: Mode, sessions: Int = 2) async throws {
        try await stop()
        try await start(mode, sessions: sessions)
    }

    package func stop() async throws {
        let running = process.withLock { process in
            defer { process = nil }
            return process
        }
        running?.send(SIGKILL)
        _ = try await running?.waitForEnd()
    }

    private func start(_ mode: Mode, sessions: Int) async throws {
        let user = server.user ?? "flotilla"
        let host = server.queryItems?.first { $0.name == "host" }?.value ?? ""
        let settings = """
            [databases]
            * = host='\(host)' user=\(user)
            [pgbouncer]
            listen_addr =
            listen_port = 6432
            unix_socket_dir = \(folder.path)
            unix_socket_mode = 0777
            auth_type = any
            pool_mode = \(mode.rawValue)
            default_pool_size = \(sessions)
            max_client_conn = 200
            ignore_startup_parameters = extra_float_digits
            """
        let file = folder.appending(path: "pgbouncer.ini")
        try settings.write(to: file, atomically: true, encoding: .utf8)
        _ = chmod(file.path, 0o644)
        unlink(folder.appending(path: ".s.PGSQL.6432").path)
        let log = folder.appending(path: "log")
        try? FileManager.default.removeItem(at: log)
        let started = try WorkerProcess(
            program: URL(filePath: Self.program),
            arguments: (getuid() == 0 ? ["-u", "postgres"] : []) + [file.path],
            log: log
        )
        process.withLock { $0 = started }
        try await eventually("PgBouncer listens") {
            let said = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            guard started.isRunning else { throw TestSetupError(description: "PgBouncer has ended: \(said)") }
            return said.contains("process up")
        }
    }
}
