package import FlotillaTelemetry

/// A port of a process for those who watch it: `/metrics`, `/health/live` and `/health/ready`, all without a key.
package enum ProbeServer {
    /// Listens with one thread and few connections.
    package static func start(
        host: String = "127.0.0.1",
        port: UInt16,
        readiness: Readiness,
        metrics: Metrics,
        log: Log
    ) throws(HTTPServerError) -> HTTPServer {
        try start(HTTPServerConfiguration(host: host, port: port), readiness: readiness, metrics: metrics, log: log)
    }

    package static func start(
        _ configuration: HTTPServerConfiguration,
        readiness: Readiness,
        metrics: Metrics,
        log: Log
    ) throws(HTTPServerError) -> HTTPServer {
        var configuration = configuration
        configuration.threads = 1
        configuration.connections = 64
        configuration.bodyLimit = 0
        let responder = Responder(
            router: Router(HealthRoutes(readiness).routes + MetricsRoutes(metrics, isOpen: true).routes),
            authenticator: nil,
            log: log,
            metrics: metrics
        )
        return try HTTPServer.start(configuration) { request in await responder.respond(to: request) }
    }
}
