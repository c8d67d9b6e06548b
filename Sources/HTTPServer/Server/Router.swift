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

    /// A route for GET answers HEAD too.
    func match(_ method: String, _ path: String) -> Match {
        let segments = PathPattern.split(path)
        var allowed: Set<String> = []
        for route in bySegments[segments.count] ?? [] {
            guard let parameters = route.path.match(segments) else { continue }
            if route.method == method || route.method == "GET" && method == "HEAD" {
                return .route(route, parameters)
            }
            allowed.insert(route.method)
            if route.method == "GET" { allowed.insert("HEAD") }
        }
        return allowed.isEmpty ? .notFound : .wrongMethod(allowed: allowed.sorted())
    }
}
