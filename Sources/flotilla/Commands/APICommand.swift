import FlotillaCommandLineKit
import FlotillaControlAPI
import FlotillaHTTPServer
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaTelemetry
import Glibc

/// `flotilla api`: the process that answers HTTP.
enum APICommand {
    private static let host = Option<String>("host", "ADDRESS", "Where to listen; :: is everywhere")
        .defaulting(to: "127.0.0.1")
    private static let port = Option<Port>("port", "NUMBER", "The port, in place of PORT")

    static let all = Command(
        "api",
        "Runs the control API",
        takes: [host, port],
        details: "Writes JSON log lines to standard error. SIGTERM lets running requests finish; a second one ends it.",
        examples: ["flotilla api", "flotilla api --host :: --port 8080"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let number = (invocation[port] ?? configuration[Settings.port]).number
        var settings = APIProcess.Configuration(
            server: HTTPServerConfiguration(host: invocation[host], port: UInt16(clamping: number)),
            topology: try configuration.topology(),
            rabbitMQ: try configuration.rabbitMQ(),
            postgres: try configuration.postgres(),
            redis: try configuration.redis(),
            log: Log(service: "api", threshold: configuration[Settings.logLevel].threshold)
        )
        settings.drain = configuration[Settings.drain]
        settings.domains = invocation.program.domains(configuration)
        let (stop, stopRequest) = AsyncStream<Void>.makeStream()
        let signals = try Signals.stream(of: [SIGTERM, SIGINT])
        let listener = Task { for await _ in signals { stopRequest.yield() } }
        defer { listener.cancel() }
        do {
            try await APIProcess(settings).run(until: stop)
        } catch let error as HTTPServerError where error.code == .addressInUse {
            throw CommandError("\(error)", remedy: "choose another with --port or PORT")
        }
        return .done
    }
}

extension LogLevel {
    var threshold: Log.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
