package import FlotillaHTTPRouting
package import FlotillaTelemetry

/// `/metrics`, in the text format of Prometheus: the process's own, and those of other processes that it is told of.
package struct MetricsRoutes: Sendable {
    private let metrics: Metrics
    private let access: Route.Access
    private let peers: [MetricsPeer]

    /// - Parameters:
    ///   - isOpen: without a key, for a port that outsiders can't reach.
    ///   - peers: further processes to show.
    package init(_ metrics: Metrics, isOpen: Bool, peers: [MetricsPeer] = []) {
        self.metrics = metrics
        self.peers = peers
        access = isOpen ? .open : .scope(.read)
    }

    package var routes: [Route] {
        let (metrics, peers) = (metrics, peers)
        return [
            Route(
                "GET",
                "/metrics",
                access: access,
                summary: "The process's metrics, for Prometheus.",
                answers: [.of(200, "The metrics, in Prometheus' format.", in: "text/plain")],
                handler: { _ in
                    let text = MetricsText.merged(metrics.render(), await MetricsPeer.metrics(of: peers))
                    return HTTPResponse(text: text, type: "text/plain; version=0.0.4; charset=utf-8")
                }
            )
        ]
    }
}
