package import FlotillaHTTPRouting

/// The routes of a domain, and what ends what they hold.
package struct ModuleRoutes: Sendable {
    package var routes: [Route]
    /// Called once, after the last request.
    package var close: @Sendable () async -> Void

    package init(_ routes: [Route] = [], close: @escaping @Sendable () async -> Void = {}) {
        self.routes = routes
        self.close = close
    }
}
