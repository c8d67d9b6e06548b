import FlotillaPlatform
import FoundationEssentials
import Glibc

/// RabbitMQ on loopback ports, with an Erlang port mapper of its own.
///
/// The node has no other listener; its distribution and its port mapper are on the loopback interface too. Nothing of
/// /etc/rabbitmq is read. The only user is ours, with a generated password.
struct RabbitMQService: EmbeddedService {
    let name = ServiceName.rabbitmq
    let home: Home
    let process: ServiceProcess
    private let mapper: ServiceProcess
    let stopSignal = SIGTERM

    init(home: Home) {
        self.home = home
        process = ServiceProcess("rabbitmq", in: home)
        mapper = ServiceProcess("epmd", in: home)
    }

    private static let user = "flotilla"
    private var folder: String { home.folder(of: name) }
    var portsFile: String { home.control + "/rabbitmq.ports" }
    private var passwordFile: String { home.control + "/rabbitmq.password" }

    var companions: [ServiceProcess] { [mapper] }

    var variables: [(name: String, value: String)] {
        guard let ports = RabbitMQPorts(text: PrivateFile.read(portsFile) ?? ""), let password else { return [] }
        let address = "\(Self.user):\(password)@127.0.0.1"
        let own = [
            ("RABBITMQ_URL", "amqp://\(address):\(ports.amqp)/%2f"),
            ("RABBITMQ_MANAGEMENT_URL", "http://\(address):\(ports.management)"),
        ]
        guard let secret = PrivateFile.read(publisherPasswordFile) else { return own }
        return own + [("PUBLISHER_URL", "amqp://\(Self.publisher):\(secret)@127.0.0.1:\(ports.amqp)/%2f")]
    }

    var password: String? { PrivateFile.read(passwordFile) }

    func prepare(report: (String) -> Void) async throws {
        let user = try home.account(for: name)
        for path in [folder, folder + "/mnesia", folder + "/conf.d"] { try PrivateFile.makeFolder(path, owner: user) }
        for file in [passwordFile, publisherPasswordFile] where PrivateFile.read(file) == nil {
            let digits = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
            try PrivateFile.write(digits, to: file, owner: home.owner)
        }
        // A mapper of an earlier node would keep its port.
        await mapper.killAll()
        let kept = RabbitMQPorts(text: PrivateFile.read(portsFile) ?? "").flatMap { $0.areFree ? $0 : nil }
        let ports = try kept ?? RabbitMQPorts.pick()
        if kept == nil { try PrivateFile.write(ports.text, to: portsFile, owner: home.owner) }
        let password = password ?? ""
        try PrivateFile.write(settings(ports, password), to: folder + "/rabbitmq.conf", owner: user)
        try PrivateFile.write("[rabbitmq_management].\n", to: folder + "/enabled_plugins", owner: user)
        try PrivateFile.write(Self.advancedSettings, to: folder + "/advanced.config", owner: user)
        try PrivateFile.write("", to: folder + "/rabbitmq-env.conf", owner: user)
        let cookie = folder + "/.erlang.cookie"
        if !FileManager.default.fileExists(atPath: cookie) {
            let secret = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
            try PrivateFile.write(secret, to: cookie, mode: 0o400, owner: user)
        }
    }

    func launch() async throws {
        guard let ports = RabbitMQPorts(text: PrivateFile.read(portsFile) ?? "") else { return }
        try await launchMapper(ports)
        let candidates = ["/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/local/sbin/rabbitmq-server"]
        // Debian's own command insists on being root or rabbitmq; the script it calls does not.
        let program = try InstalledProgram.path(of: candidates, for: name)
        _ = try process.launch(try request(program, [], environment: variables(for: ports)), owner: home.owner)
    }

    func isReady() async -> Bool {
        guard let ports = RabbitMQPorts(text: PrivateFile.read(portsFile) ?? ""), let password else { return false }
        guard await letsIn(ports, password) else { return false }
        let answer = try? await Endpoint.tcp(host: "127.0.0.1", port: ports.management)
            .ask(Self.request("whoami", password)) { $0.count >= 12 }
        return answer.map { String(decoding: $0.prefix(12).suffix(4), as: UTF8.self) == " 200" } ?? false
    }

    private func letsIn(_ ports: RabbitMQPorts, _ password: String) async -> Bool {
        let login = AMQPGreeting.login(user: Self.user, password: password)
        let greeting = try? await Endpoint.tcp(host: "127.0.0.1", port: ports.amqp).ask(login) {
            AMQPGreeting($0).isLoggedIn
        }
        return greeting.map { AMQPGreeting($0).isLoggedIn } ?? false
    }

    /// A node whose disk was full goes on answering, but the log of its quorum queues is gone, and they stay down.
    ///
    /// One that lets clients in works, whatever its management API does: that alone is no reason to end what it does.
    func condition() async -> ServiceCondition {
        guard let ports = RabbitMQPorts(text: PrivateFile.read(portsFile) ?? ""), let password else { return .sound }
        let request = Self.request("queues?disable_stats=true&enable_queue_totals=true", password)
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: ports.management)
        guard let answer = try? await endpoint.ask(request, timeout: .seconds(4), until: { _ in false }) else {
            return await letsIn(ports, password) ? .sound : .silent
        }
        return String(decoding: answer, as: UTF8.self).contains(#""state":"down""#) ? .broken : .sound
    }

    /// - Parameter put: JSON to put there; `nil` reads.
    static func request(_ resource: String, _ password: String, put body: String? = nil) -> [UInt8] {
        let credentials = Data("\(user):\(password)".utf8).base64EncodedString()
        let head =
            "\(body == nil ? "GET" : "PUT") /api/\(resource) HTTP/1.0\r\nHost: localhost\r\n"
            + "Authorization: Basic \(credentials)\r\n"
        let rest = body.map { "Content-Type: application/json\r\nContent-Length: \($0.utf8.count)\r\n\r\n\($0)" }
        return Array((head + (rest ?? "\r\n")).utf8)
    }

    /// In the foreground and under a lock of its own: one that the node starts would go its own way.
    private func launchMapper(_ ports: RabbitMQPorts) async throws {
        let program = try InstalledProgram.path(of: ["/usr/bin/epmd", "/usr/local/bin/epmd"], for: name)
        let arguments = ["-address", "127.0.0.1", "-port", String(ports.mapper)]
        guard let child = try mapper.launch(request(program, arguments), owner: home.owner) else { return }
        let deadline = ContinuousClock.now + .seconds(10)
        // The name request (110) is answered by the mapper's port.
        while (try? await Endpoint.tcp(host: "127.0.0.1", port: ports.mapper).ask([0, 1, 110]) { $0.count >= 4 }) == nil
        {
            guard ContinuousClock.now < deadline, ProcessEnd.reap(child) == nil else {
                let lines = mapper.logTail(after: 0).joined(separator: " | ")
                throw ServiceError(name, "Erlang's port mapper did not start: \(lines)", remedy: "see \(mapper.log)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func request(
        _ program: String,
        _ arguments: [String],
        environment more: [String: String] = [:]
    ) throws -> ProcessRequest {
        var request = ProcessRequest(program, arguments, environment: environment(more))
        request.directory = folder
        request.user = try home.account(for: name)
        return request
    }

    private func variables(for ports: RabbitMQPorts) -> [String: String] {
        [
            "RABBITMQ_NODENAME": "flotilla@localhost",
            "RABBITMQ_BASE": folder,
            "RABBITMQ_MNESIA_BASE": folder + "/mnesia",
            "RABBITMQ_MNESIA_DIR": folder + "/mnesia/flotilla",
            "RABBITMQ_PLUGINS_EXPAND_DIR": folder + "/mnesia/flotilla-plugins",
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": folder + "/rabbitmq.pid",
            "RABBITMQ_CONFIG_FILE": folder + "/rabbitmq.conf",
            "RABBITMQ_CONFIG_FILES": folder + "/conf.d",
            "RABBITMQ_ADVANCED_CONFIG_FILE": folder + "/advanced.config",
            "RABBITMQ_GENERATED_CONFIG_DIR": folder + "/config",
            "RABBITMQ_CONF_ENV_FILE": folder + "/rabbitmq-env.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder + "/enabled_plugins",
            "RABBITMQ_DIST_PORT": String(ports.distribution),
            "ERL_EPMD_PORT": String(ports.mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_SECONDS": "0",
            // The script then becomes the server instead of waiting for it, so that the process we start is the node.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "+sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false "
                + "-kernel inet_dist_use_interface {127,0,0,1}",
        ]
    }

    /// What a queue could not take of retries and dead letters is brought to it again every 10 s instead of every 180 s.
    private static let advancedSettings = "[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 10000}]}].\n"

    private func settings(_ ports: RabbitMQPorts, _ password: String) -> String {
        """
        listeners.tcp.1 = 127.0.0.1:\(ports.amqp)
        default_user = \(Self.user)
        default_pass = \(password)
        management.tcp.ip = 127.0.0.1
        management.tcp.port = \(ports.management)
        management.disable_stats = true
        management_agent.disable_metrics_collector = true
        vm_memory_high_watermark.relative = 0.4
        disk_free_limit.absolute = 50MB
        # A worker holds what it has prefetched in memory; its own limit (8 MiB by default) comes after that.
        max_message_size = 16777216
        raft.wal_max_size_bytes = 134217728
        log.console = true
        log.console.level = info
        log.file = false

        """
    }
}
