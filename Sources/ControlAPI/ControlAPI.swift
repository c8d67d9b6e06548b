package import FlotillaHTTPRouting
package import FlotillaHTTPServer
package import FlotillaModules
package import FlotillaStorage
import FlotillaTelemetry

/// The control API: the routes that are no domain's, put together with those of the domains into one server.
package enum ControlAPI {
    /// How often all keys are read: several times within ``Authenticator/longestTrust``.
    private static let keyInterval = Duration.seconds(600)
    /// And after a time when they could not be.
    private static let keyRetryInterval = Duration.seconds(15)
    /// How often it is looked whether uses of keys have to be written.
    private static let useInterval = Duration.seconds(5)
    /// How often refusals that were counted are looked at.
    private static let denialInterval = Duration.seconds(5)

    /// Listens, and answers until the server is stopped.
    ///
    /// - Parameters:
    ///   - limits: `nil` takes any number of requests.
    ///   - origins: `nil` keeps pages of other origins out.
    ///   - peers: further processes whose metrics are shown.
    ///   - tokens: finds out who calls by what is no API key; `nil` takes keys alone.
    ///   - seal: seals where messages came from; nobody believes it without.
    ///   - routes: those of the domains.
    package static func start(
        _ configuration: HTTPServerConfiguration,
        _ context: APIContext,
        readiness: Readiness,
        limits: RequestLimits? = nil,
        origins: CrossOriginPolicy? = nil,
        peers: [MetricsPeer] = [],
        tokens: (any TokenVerifier)? = nil,
        seal: ReceivedSeal? = nil,
        routes domainRoutes: [Route]
    ) throws(HTTPServerError) -> HTTPServer {
        let routes = routes(context, readiness: readiness, peers: peers, domainRoutes)
        let keys = APIKeys(context.postgres)
        let authenticator = Authenticator(keys, tokens: tokens)
        let denials = DeniedRequests(context, seal: seal)
        let responder = Responder(
            router: Router(routes),
            authenticator: authenticator,
            limits: limits,
            origins: origins,
            log: context.log,
            metrics: context.metrics,
            seal: seal,
            onDenial: { denials.note($0) }
        )
        let refusals = RefusalReport(context.metrics, context.log)
        var configuration = configuration
        configuration.onRefusal = { refusals.note($0) }
        configuration.onDrained = {
            await denials.flushAll()
            do {
                try await authenticator.uses.flush(isLast: true) { try await keys.note($0) }
            } catch { context.log.warning("the last uses of keys are lost", ["reason": .string("\(error)")]) }
        }
        // Requests don't wait for this; a process that is killed loses the last minute.
        Task { [weak authenticator] in
            while let uses = authenticator?.uses {
                try? await uses.flush { try await keys.note($0) }
                try await Task.sleep(for: useInterval)
            }
        }
        // A key that is not used would otherwise be unknown in an outage.
        Task { [weak authenticator] in
            while true {
                let isLearnt = (try? await authenticator?.learn { try await keys.list() }) != nil
                guard authenticator != nil else { return }
                try await Task.sleep(for: isLearnt ? keyInterval : keyRetryInterval)
            }
        }
        Task { [weak denials] in
            while (try? await Task.sleep(for: denialInterval)) != nil {
                guard let denials else { return }
                await denials.flush()
            }
        }
        return try HTTPServer.start(
            configuration,
            admission: responder.admit,
            bodyLimit: responder.bodyLimit,
            refusal: responder.refuse
        ) { request in await responder.respond(to: request) }
    }

    /// Every route of the server, in the order in which they are matched.
    package static func routes(
        _ context: APIContext,
        readiness: Readiness,
        peers: [MetricsPeer] = [],
        _ domainRoutes: [Route]
    ) -> [Route] {
        let resources =
            EventRoutes(context).routes + SchemaRoutes(context).routes
            + domainRoutes + HealthRoutes(readiness).routes
            + MetricsRoutes(context.metrics, isOpen: false, peers: peers).routes
            + AsyncAPIRoutes(context).routes
        return resources + OpenAPIRoutes(describing: resources).routes
    }
}
