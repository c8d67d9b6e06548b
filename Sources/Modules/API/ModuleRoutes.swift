package import FlotillaHTTPRouting

/// The routes of a domain, what else it brings to the API, and what ends what they hold.
package struct ModuleRoutes: Sendable {
    package var routes: [Route]
    /// Who calls by what is no API key; at most one domain finds that out.
    package var tokens: (any TokenVerifier)?
    /// What readiness tells of beside what every API depends on.
    package var dependencies: [RouteDependency] = []
    /// Called once, after the last request.
    package var close: @Sendable () async -> Void

    package init(_ routes: [Route] = [], close: @escaping @Sendable () async -> Void = {}) {
        self.routes = routes
        self.close = close
    }
}
