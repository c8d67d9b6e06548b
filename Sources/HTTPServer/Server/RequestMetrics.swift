import FlotillaHTTPRouting
import FlotillaTelemetry

/// Durations of requests by method, route and status, under the name that OpenTelemetry gives them.
struct RequestMetrics: Sendable {
    private struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private static let name = "http_server_request_duration_seconds"
    private static let help = "How long requests took, from their last byte in to the answer made."
    /// The statuses that have handles from the start; others are looked up when they occur.
    private static let usual = [200, 202, 400, 401, 404, 409, 422, 503]

    private let metrics: Metrics
    private let histograms: [Key: Histogram]

    init(_ routes: [Route], in metrics: Metrics) {
        self.metrics = metrics
        var histograms: [Key: Histogram] = [:]
        for route in routes {
            for status in Set(route.answers.map(\.status)).intersection(Self.usual) {
                let key = Key(method: route.method, route: route.path.text, status: status)
                histograms[key] = Self.histogram(key, in: metrics)
            }
        }
        self.histograms = histograms
    }

    /// - Parameter path: `nil` when no route matched: made-up paths and methods share one series.
    func observe(method: String, path: PathPattern?, status: Int, duration: Duration) {
        let key = Key(method: path == nil ? "OTHER" : method, route: path?.text ?? "none", status: status)
        let histogram = histograms[key] ?? Self.histogram(key, in: metrics)
        histogram.observe(duration / .seconds(1))
    }

    private static func histogram(_ key: Key, in metrics: Metrics) -> Histogram {
        metrics.histogram(
            name,
            help,
            [
                "http_request_method": key.method, "http_route": key.route,
                "http_response_status_code": String(key.status),
            ]
        )
    }
}
