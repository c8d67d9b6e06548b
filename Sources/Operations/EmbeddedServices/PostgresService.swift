import FlotillaPlatform
import FoundationEssentials
import Glibc

/// PostgreSQL on a Unix socket, with one database. Whoever can reach the socket's folder, its owner, may connect.
struct PostgresService: EmbeddedService {
    let name = ServiceName.postgres
    let home: Home
    let process: ServiceProcess
    /// A fast shutdown: transactions are rolled back, the data is left clean.
    let stopSignal = SIGINT

    init(home: Home) {
        self.home = home
        process = ServiceProcess("postgres", in: home)
    }

    private static let database = "flotilla"
    private var folder: String { home.folder(of: name) }
    private var data: String { folder + "/data" }
    private var socketFolder: String { home.socketFolder(for: name, socket: ".s.PGSQL.5432") }

    var variables: [(name: String, value: String)] {
        let host = socketFolder.percentEncodedPath
        return [("DATABASE_URL", "postgresql://\(Self.database)@/\(Self.database)?host=\(host)")]
    }

    func prepare(report: (String) -> Void) async throws {
        let user = try home.account(for: name)
        for path in [folder, socketFolder] { try PrivateFile.makeFolder(path, owner: user) }
        try PrivateFile.write(settings, to: folder + "/postgresql.conf", owner: user)
        try PrivateFile.write("local all all trust\n", to: folder + "/pg_hba.conf", owner: user)
        try PrivateFile.write("", to: folder + "/pg_ident.conf", owner: user)
        if !FileManager.default.fileExists(atPath: data + "/PG_VERSION") {
            report("creating the database")
            try await createData(as: user)
        }
        try removeStaleMarks()
    }

    func launch() async throws {
        let request = try request(
            "postgres",
            [
                "-D", data, "-c", "config_file=\(folder)/postgresql.conf", "-c", "hba_file=\(folder)/pg_hba.conf",
                "-c", "ident_file=\(folder)/pg_ident.conf",
            ]
        )
        _ = try process.launch(request, owner: home.owner)
    }

    func isReady() async -> Bool {
        let hello = PostgresGreeting.startup(user: Self.database, database: Self.database)
        let socket = Endpoint.unix(path: socketFolder + "/.s.PGSQL.5432")
        let answer = try? await socket.ask(hello) { PostgresGreeting($0).isComplete }
        return answer.map { PostgresGreeting($0).isReady } ?? false
    }

    /// Makes the data beside its place and moves it there when it is whole, so that an interrupted start leaves none.
    private func createData(as user: UserIdentity?) async throws {
        let draft = folder + "/data.new"
        if FileManager.default.fileExists(atPath: draft) { try FileManager.default.removeItem(atPath: draft) }
        try await run(
            "initdb",
            [
                "--pgdata", draft, "--username", Self.database, "--encoding", "UTF8", "--locale", "C.UTF-8",
                "--auth", "trust", "--no-instructions",
            ]
        )
        try PrivateFile.write("CREATE DATABASE \(Self.database);\n", to: folder + "/create.sql", owner: user)
        let script = unsafe open(folder + "/create.sql", O_RDONLY | O_CLOEXEC)
        defer { close(script) }
        try await run("postgres", ["--single", "-D", draft, "postgres"], input: script)
        try FileManager.default.moveItem(atPath: draft, toPath: data)
    }

    /// The service's lock says that no server of ours runs: what a killed one left would only stop the next.
    private func removeStaleMarks() throws {
        let mark = data + "/postmaster.pid"
        if let line = PrivateFile.read(mark)?.split(separator: "\n").first, let process = CInt(line),
            ProcessTable.workingDirectory(of: process) == data
        {
            throw ServiceError(name, "another PostgreSQL (process \(process)) serves \(data)", remedy: "stop it first")
        }
        for path in [mark, socketFolder + "/.s.PGSQL.5432.lock", socketFolder + "/.s.PGSQL.5432"] { unlink(path) }
    }

    private func run(_ program: String, _ arguments: [String], input: CInt = -1) async throws {
        let offset = process.logSize
        var request = try request(program, arguments)
        request.input = input
        let end = try await process.runToEnd(request, owner: home.owner)
        guard end.isSuccess else {
            let lines = process.logTail(after: offset).joined(separator: " | ")
            throw ServiceError(name, "\(program) failed (\(end)): \(lines)", remedy: "see \(process.log)")
        }
    }

    /// A program of the version that made the data, or of the newest.
    private func request(_ program: String, _ arguments: [String]) throws -> ProcessRequest {
        let versions = InstalledProgram.versions(in: "/usr/lib/postgresql")
        var candidates = versions.map { "/usr/lib/postgresql/\($0)/bin/\(program)" } + ["/usr/local/bin/\(program)"]
        if let text = PrivateFile.read(data + "/PG_VERSION") {
            let version = text.filter(\.isNumber)
            candidates = ["/usr/lib/postgresql/\(version)/bin/\(program)"]
            guard versions.contains(version) else {
                throw ServiceError(
                    name,
                    "the data in \(data) is of PostgreSQL \(version), which is not installed",
                    remedy: "install postgresql-\(version), or start afresh with: flotilla services reset"
                )
            }
        }
        var request = ProcessRequest(
            try InstalledProgram.path(of: candidates, for: name),
            arguments,
            environment: environment()
        )
        request.directory = folder
        request.user = try home.account(for: name)
        return request
    }

    private var settings: String {
        """
        listen_addresses = ''
        unix_socket_directories = '\(socketFolder.replacing("'", with: "''").listQuoted)'
        unix_socket_permissions = 0700
        max_connections = 300
        shared_buffers = 128MB
        fsync = on
        synchronous_commit = on
        wal_level = minimal
        max_wal_senders = 0
        wal_buffers = 16MB
        max_wal_size = 2GB
        checkpoint_timeout = 15min
        jit = off
        random_page_cost = 1.1
        update_process_title = off
        logging_collector = off
        log_line_prefix = '%m [%p] '
        timezone = 'UTC'
        log_timezone = 'UTC'

        """
    }
}

extension String {
    /// An element of one of Postgres's comma-separated lists.
    fileprivate var listQuoted: String {
        contains { ", \"".contains($0) } ? "\"" + replacing("\"", with: "\"\"") + "\"" : self
    }
}
