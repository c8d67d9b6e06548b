package import FlotillaHTTPRouting
import FlotillaStorage
package import FlotillaTelemetry

/// What lies between the server and the routes: correlation, authentication, checking, errors, metrics and log lines.
package struct Responder: Sendable {
    private let router: Router
    private let authenticator: Authenticator?
    private let log: Log
    private let observed: RequestMetrics

    /// - Parameter authenticator: `nil` refuses every route that is not open.
    package init(router: Router, authenticator: Authenticator?, log: Log, metrics: Metrics) {
        self.router = router
        self.authenticator = authenticator
        self.log = log
        observed = RequestMetrics(router.routes, in: metrics)
    }

    /// Answers a request. Whatever goes wrong becomes an answer, and a log line when the fault is ours.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let start = ContinuousClock.now
        let correlationID = CorrelationID.of(request)
        var path: PathPattern?
        var response: HTTPResponse
        do throws(APIError) {
            let (route, parameters) = try find(request)
            path = route.path
            response = try await run(route, parameters, request, correlationID)
            response.finish(correlationID: correlationID)
        } catch {
            response = Envelope.failure(error, correlationID: correlationID)
        }
        let duration = ContinuousClock.now - start
        observed.observe(method: request.method, path: path, status: response.status, duration: duration)
        report(request, response, duration, correlationID)
        return response
    }

    private func find(_ request: HTTPRequest) throws(APIError) -> (Route, [String: String]) {
        switch router.match(request.method, request.path) {
        case .route(let route, let parameters): return (route, parameters)
        case .wrongMethod(let allowed): throw .methodNotAllowed(allowed)
        case .notFound: throw .notFound("such path")
        }
    }

    private func run(
        _ route: Route,
        _ parameters: [String: String],
        _ request: HTTPRequest,
        _ correlationID: String
    ) async throws(APIError) -> HTTPResponse {
        let principal = try await authorize(request, for: route)
        let call = Call(
            request: request,
            parameters: parameters,
            body: try route.body?.read(body: request) ?? FieldValues(),
            query: try route.query.read(query: request.query),
            headers: try route.headers.read(headers: request.headers),
            principal: principal,
            correlationID: correlationID
        )
        do {
            return try await route.handler(call)
        } catch let error as APIError {
            throw error
        } catch let error as PostgresError where error.isOutage || error.isRetriable {
            log.warning("\(error)", correlationID: correlationID, ["route": .string(route.path.text)])
            throw error.isCommitUnknown ? .commitUnknown : .unavailable("The database")
        } catch {
            log.error("\(error)", correlationID: correlationID, ["route": .string(route.path.text)])
            throw .internalError
        }
    }

    private func authorize(_ request: HTTPRequest, for route: Route) async throws(APIError) -> Principal? {
        guard case .scope(let scope) = route.access else { return nil }
        guard let authenticator else { throw .unauthorized("There are no keys here.") }
        let principal = try await authenticator.authenticate(request)
        guard principal.mayUse(scope) else { throw .forbidden(scope) }
        return principal
    }

    private func report(
        _ request: HTTPRequest,
        _ response: HTTPResponse,
        _ duration: Duration,
        _ correlationID: String
    ) {
        guard log.threshold == .debug else { return }
        log.debug(
            "request",
            correlationID: correlationID,
            [
                "method": .string(request.method), "path": .string(request.path), "status": .integer(response.status),
                "duration": .double(duration / .seconds(1)),
            ]
        )
    }
}
