import FlotillaCommandLineKit
import FlotillaControlAPI
import FlotillaHTTPServer
import FlotillaManagement
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import Glibc

/// `flotilla api`: the process that answers HTTP.
enum APICommand {
    private static let host = Option<String>("host", "ADDRESS", "Where to listen; :: is everywhere")
        .defaulting(to: "127.0.0.1")
    private static let port = Option<Port>("port", "NUMBER", "The port, in place of PORT")

    private static let probePort = Option<Port>(
        "probe-port",
        "PORT",
        "Where /health and /metrics are served besides, without a key (default none)"
    )
    private static let probeHost = Option<String>("probe-host", "ADDRESS", "Where that port is")
        .defaulting(to: "127.0.0.1")

    static let all = Command(
        "api",
        "Runs the control API",
        takes: [host, port, probePort, probeHost],
        details: "Writes JSON log lines to standard error. SIGTERM lets running requests finish; a second one ends it.",
        examples: ["flotilla api", "flotilla api --host :: --port 8080 --probe-port 9090"]
    ) { invocation in
        let configuration = try invocation.configuration(makingKeys: true)
        try DescriptorLimit.require()
        let number = (invocation[port] ?? configuration[Settings.port]).number
        var settings = APIProcess.Configuration(
            server: HTTPServerConfiguration(host: invocation[host], port: UInt16(clamping: number)),
            topology: try configuration.topology(),
            rabbitMQ: try configuration.rabbitMQ(),
            postgres: try configuration.postgres(),
            redis: try configuration.redis(),
            log: configuration.log(of: "api")
        )
        settings.server.connectionsPerAddress = configuration[Settings.connectionsPerAddress]
        settings.server.streams = configuration[Settings.streams]
        settings.server.trustedAddresses = try trustedAddresses(configuration)
        settings.rateLimits = RateLimitSettings(
            caller: configuration[Settings.rateLimit].limit,
            address: configuration[Settings.addressRateLimit].limit,
            failures: configuration[Settings.authenticationFailureLimit].limit
        )
        settings.origins = try origins(configuration)
        settings.listTimeout = configuration[Settings.listTimeout]
        settings.outboxLimit = configuration[Settings.outboxLimit]
        settings.probes = invocation[probePort].map {
            HTTPServerConfiguration(host: invocation[probeHost], port: UInt16(clamping: $0.number))
        }
        settings.seal = ReceivedSeal(try configuration.masterKeyring())
        settings.drain = configuration[Settings.drain]
        settings.metricsPeers = configuration.metricsPeers
        settings.repairsTopology = configuration[Settings.topologyRepair]
        let management = try configuration.management()
        settings.makeVirtualHost = management?.virtualHostMaker
        settings.domains = invocation.program.domains(configuration)
        let (stop, stopRequest) = AsyncStream<Void>.makeStream()
        let signals = try Signals.stream(of: [SIGTERM, SIGINT])
        let listener = Task { for await _ in signals { stopRequest.yield() } }
        let rotation = configuration.rotatingLogs { [log = settings.log] in log.warning($0) }
        defer {
            listener.cancel()
            rotation?.cancel()
        }
        do {
            try await APIProcess(settings).run(until: stop)
        } catch let error as PostgresError where error.code == .sharedSession {
            throw CommandError(error.detail)
        } catch let error as HTTPServerError where error.code == .addressInUse {
            throw CommandError("\(error)", remedy: "choose another with --port or PORT")
        }
        await management?.close()
        settings.log.writeRepeats()
        return .done
    }

    private static func origins(_ configuration: Configuration) throws(CommandError) -> CrossOriginPolicy? {
        guard let words = configuration[Settings.corsOrigins]?.words, !words.isEmpty else { return nil }
        guard let policy = CrossOriginPolicy(words) else {
            throw CommandError(
                "\(Settings.corsOrigins.name): \(words.joined(separator: ",")) is no list of origins",
                remedy: "write origins as browsers send them, such as https://app.example.com, or * alone for all",
                status: .wrongUse
            )
        }
        return policy
    }

    private static func trustedAddresses(_ configuration: Configuration) throws(CommandError) -> [AddressRange] {
        var ranges: [AddressRange] = []
        for word in configuration[Settings.trustedAddresses]?.words ?? [] {
            guard let range = AddressRange(word) else {
                throw CommandError(
                    "\(Settings.trustedAddresses.name): “\(Credentials.hidden(in: word))” is not an address",
                    remedy: "write addresses or networks, such as 10.0.0.0/8",
                    status: .wrongUse
                )
            }
            ranges.append(range)
        }
        return ranges
    }
}

extension RequestRate {
    /// `nil` for `off`.
    var limit: RateLimit? { rate.map { RateLimit(rate: $0, burst: burst) } }
}

extension Configuration {
    /// The processes whose metrics are shown with the API's.
    var metricsPeers: [MetricsPeer] {
        self[Settings.probes]?.probes.map {
            MetricsPeer(name: $0.name, endpoint: .tcp(host: $0.host, port: $0.port))
        } ?? []
    }
}
