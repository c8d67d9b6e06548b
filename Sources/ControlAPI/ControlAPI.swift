package import FlotillaHTTPRouting
package import FlotillaHTTPServer
package import FlotillaModels
package import FlotillaModules
package import FlotillaStorage

/// The control API: the routes that are no domain's, put together with those of the domains into one server.
package enum ControlAPI {
    /// Listens, and answers until the server is stopped.
    ///
    /// - Parameters:
    ///   - states: `nil` without Redis: jobs are then shown as their records have them.
    ///   - routes: those of the domains.
    package static func start(
        _ configuration: HTTPServerConfiguration,
        _ context: APIContext,
        states: JobStates?,
        readiness: Readiness,
        routes domainRoutes: [Route]
    ) throws(HTTPServerError) -> HTTPServer {
        let routes = routes(context, states: states, readiness: readiness, domainRoutes)
        let responder = Responder(
            router: Router(routes),
            authenticator: Authenticator(APIKeys(context.postgres)),
            log: context.log,
            metrics: context.metrics
        )
        return try HTTPServer.start(configuration) { request in await responder.respond(to: request) }
    }

    static func routes(
        _ context: APIContext,
        states: JobStates?,
        readiness: Readiness,
        _ domainRoutes: [Route]
    ) -> [Route] {
        let topology = context.topology
        let jobs = JobRoutes(
            Jobs(context.postgres, exchange: topology.commands.name),
            states: states,
            types: topology.jobTypes,
            admission: context.admission
        )
        let events = EventRoutes(context.postgres, exchange: topology.events.name, admission: context.admission)
        let resources =
            jobs.routes + events.routes + domainRoutes + HealthRoutes(readiness).routes
            + MetricsRoutes(context.metrics, isOpen: false).routes
        return resources + OpenAPIRoutes(describing: resources).routes
    }
}

extension Topology {
    /// The keys by which jobs reach a queue.
    package var jobTypes: Set<String> {
        Set(queues.flatMap(\.bindings).filter { $0.exchange == commands.name }.map(\.key))
    }
}
