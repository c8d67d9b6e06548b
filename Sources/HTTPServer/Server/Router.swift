package import FlotillaHTTPRouting

/// Finds the route of a request.
package struct Router: Sendable {
    enum Match {
        case route(Route, [String: String])
        case wrongMethod(allowed: [String])
        case notFound
    }

    let routes: [Route]
    /// By number of segments, the most specific patterns first.
    private let bySegments: [Int: [Route]]

    package init(_ routes: [Route]) {
        self.routes = routes
        bySegments = Dictionary(grouping: routes) { PathPattern.split($0.path.text).count }
            .mapValues { $0.sorted { $0.path.specificity > $1.path.specificity } }
    }

    /// A route for GET answers HEAD too. Of the patterns that match only the most specific ones count, whatever their
    /// methods: `/tickets/generate` is never taken for a ticket of that name.
    func match(_ method: String, _ path: String) -> Match {
        let segments = PathPattern.split(path)
        var allowed: Set<String> = []
        var specificity = 0
        for route in bySegments[segments.count] ?? [] {
            if !allowed.isEmpty, route.path.specificity < specificity { break }
            guard let parameters = route.path.match(segments) else { continue }
            specificity = route.path.specificity
            if route.method == method || route.method == "GET" && method == "HEAD" {
                return .route(route, parameters)
            }
            allowed.insert(route.method)
            if route.method == "GET" { allowed.insert("HEAD") }
        }
        return allowed.isEmpty ? .notFound : .wrongMethod(allowed: allowed.sorted())
    }
}
