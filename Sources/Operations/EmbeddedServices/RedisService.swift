import FlotillaPlatform
import FoundationEssentials
import Glibc

/// Redis on a Unix socket, with an append-only file.
struct RedisService: EmbeddedService {
    let name = ServiceName.redis
    let home: Home
    let process: ServiceProcess
    let stopSignal = SIGTERM

    init(home: Home) {
        self.home = home
        process = ServiceProcess("redis", in: home)
    }

    private var folder: String { home.folder(of: name) }
    private var socketFolder: String { home.socketFolder(for: name, socket: "redis.sock") }
    private var socket: String { socketFolder + "/redis.sock" }

    var variables: [(name: String, value: String)] { [("REDIS_URL", "unix://" + socket.percentEncodedPath)] }

    func prepare(report: (String) -> Void) async throws {
        let user = try home.account(for: name)
        for path in [folder, folder + "/data", socketFolder] { try PrivateFile.makeFolder(path, owner: user) }
        try PrivateFile.write(settings, to: folder + "/redis.conf", owner: user)
    }

    func launch() async throws {
        let user = try home.account(for: name)
        let program = try InstalledProgram.path(
            of: ["/usr/bin/redis-server", "/usr/local/bin/redis-server", "/usr/bin/valkey-server"],
            for: name
        )
        var request = ProcessRequest(program, [folder + "/redis.conf"], environment: environment())
        request.directory = folder
        request.user = user
        _ = try process.launch(request, owner: home.owner)
    }

    func isReady() async -> Bool {
        let answer = try? await Endpoint.unix(path: socket).ask(Array("PING\r\n".utf8)) {
            $0.last == UInt8(ascii: "\n")
        }
        return answer == Array("+PONG\r\n".utf8)
    }

    private var settings: String {
        """
        port 0
        unixsocket \(quoted(socket))
        unixsocketperm 700
        dir \(quoted(folder + "/data"))
        daemonize no
        logfile ""
        loglevel notice
        databases 16
        save ""
        appendonly yes
        appendfsync everysec
        maxmemory-policy noeviction

        """
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

extension String {
    /// The path as part of a URL: everything but unreserved characters and slashes is encoded.
    var percentEncodedPath: String {
        utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || [0x2d, 0x2e, 0x2f, 0x5f, 0x7e].contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + digits
        }.joined()
    }
}
