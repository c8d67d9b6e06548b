package import FlotillaHTTPRouting
package import FlotillaTelemetry

/// `/metrics`, in the text format of Prometheus.
package struct MetricsRoutes: Sendable {
    private let metrics: Metrics
    private let access: Route.Access

    /// - Parameter isOpen: without a key, for a port that outsiders can't reach.
    package init(_ metrics: Metrics, isOpen: Bool) {
        self.metrics = metrics
        access = isOpen ? .open : .scope(.read)
    }

    package var routes: [Route] {
        let metrics = metrics
        return [
            Route(
                "GET",
                "/metrics",
                access: access,
                summary: "The process's metrics, for Prometheus.",
                answers: [.of(200, "The metrics as text.")],
                handler: { _ in
                    HTTPResponse(text: metrics.render(), type: "text/plain; version=0.0.4; charset=utf-8")
                }
            )
        ]
    }
}
