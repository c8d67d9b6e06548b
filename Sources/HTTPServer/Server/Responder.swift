package import FlotillaHTTPRouting
import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage
package import FlotillaTelemetry

/// What lies between the server and the routes: correlation, authentication, checking, errors, metrics and log lines.
package struct Responder: Sendable {
    private let router: Router
    private let authenticator: Authenticator?
    private let limits: RequestLimits?
    private let origins: CrossOriginPolicy?
    private let log: Log
    private let observed: RequestMetrics
    private let seal: ReceivedSeal?
    private let onDenial: @Sendable (DeniedRequest) -> Void
    private let inProgress = RequestsInProgress()

    /// - Parameters:
    ///   - authenticator: `nil` refuses every route that is not open.
    ///   - limits: `nil` takes any number of requests.
    ///   - origins: `nil` keeps pages of other origins out.
    ///   - seal: seals where messages came from; nobody believes it without.
    ///   - onDenial: called for each request that is answered 401 or 403.
    package init(
        router: Router,
        authenticator: Authenticator?,
        limits: RequestLimits? = nil,
        origins: CrossOriginPolicy? = nil,
        log: Log,
        metrics: Metrics,
        seal: ReceivedSeal? = nil,
        onDenial: @escaping @Sendable (DeniedRequest) -> Void = { _ in }
    ) {
        self.seal = seal
        self.onDenial = onDenial
        self.router = router
        self.authenticator = authenticator
        self.limits = limits
        self.origins = origins
        self.log = log
        observed = RequestMetrics(router.routes, in: metrics)
    }

    /// Answers a request. Whatever goes wrong becomes an answer, and a log line when the fault is ours.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let start = ContinuousClock.now
        let correlationID = CorrelationID.of(request)
        var path: PathPattern?
        var quotas = RateQuotas()
        var response: HTTPResponse
        do throws(APIError) {
            try await limits?.take(from: request.client, &quotas)
            if let origins, CrossOriginPolicy.isPreflight(request) {
                response = try preflight(request, by: origins)
            } else {
                let (route, parameters) = try find(request)
                path = route.path
                response = try await run(route, parameters, request, correlationID, &quotas)
                if !route.holdsSecrets { AnswerCompression.apply(to: &response, for: request) }
            }
            response.finish(correlationID: correlationID)
        } catch {
            note(error, request, path, correlationID)
            response = Envelope.failure(error, correlationID: correlationID, to: request)
        }
        quotas.add(to: &response.headers)
        complete(&response, to: request)
        let duration = ContinuousClock.now - start
        observed.observe(method: request.method, path: path, status: response.status, duration: duration)
        report(request, response, duration, correlationID)
        return response
    }

    /// How long the body of a request may be, where it is not the server's limit that holds.
    package func bodyLimit(of head: HTTPRequest) -> Int? {
        guard case .route(let route, _) = router.match(head.method, head.path) else { return nil }
        return route.lines?.limit
    }

    /// Decides by the head of a request whether its body may come: there has to be such a route, and a key for it.
    package func admit(_ head: HTTPRequest) -> HeadVerdict {
        let start = ContinuousClock.now
        var path: PathPattern?
        do throws(APIError) {
            let route = try find(head).0
            path = route.path
            guard route.access != .open else { return .accepted }
            guard let authenticator else { throw .unauthorized("There are no keys here.") }
            // A failure has to be counted, and that takes a moment.
            let scope = route.access.scopes.first ?? .read
            guard let principal = (try? authenticator.authenticateFromMemory(head, for: scope)) ?? nil else {
                return .pending { await refusal(of: head, for: route, since: start) }
            }
            try Self.check(principal, route)
            return .accepted
        } catch {
            return .refused(refusal(error, head, path, since: start))
        }
    }

    private func refusal(
        of head: HTTPRequest,
        for route: Route,
        since start: ContinuousClock.Instant
    ) async -> HTTPResponse? {
        do throws(APIError) {
            _ = try await authorize(head, for: route)
            return nil
        } catch {
            return refusal(error, head, route.path, since: start)
        }
    }

    private func refusal(
        _ error: APIError,
        _ head: HTTPRequest,
        _ path: PathPattern?,
        since start: ContinuousClock.Instant
    ) -> HTTPResponse {
        let correlationID = CorrelationID.of(head)
        note(error, head, path, correlationID)
        var response = Envelope.failure(error, correlationID: correlationID, to: head)
        complete(&response, to: head)
        let duration = ContinuousClock.now - start
        observed.observe(method: head.method, path: path, status: response.status, duration: duration)
        report(head, response, duration, correlationID)
        return response
    }

    /// The answer to a request that the server itself refuses.
    package func refuse(_ error: APIError, _ request: HTTPRequest?) -> HTTPResponse {
        var response = HTTPServer.envelope(error, request)
        if let request { complete(&response, to: request) }
        return response
    }

    /// Adds what depends on who asks, beyond what every answer has.
    private func complete(_ response: inout HTTPResponse, to request: HTTPRequest) {
        origins?.mark(&response, to: request)
        if request.isEncrypted { response.headers.add("Strict-Transport-Security", "max-age=31536000") }
    }

    private func preflight(_ request: HTTPRequest, by origins: CrossOriginPolicy) throws(APIError) -> HTTPResponse {
        guard case .wrongMethod(let methods) = router.match(request.method, request.path) else {
            throw .notFound("such path")
        }
        let fields = Set(router.routes.flatMap { $0.headers.all.map(\.name) }).sorted()
        return try origins.preflight(request, methods: methods, fields: fields)
    }

    private func note(_ error: APIError, _ request: HTTPRequest, _ path: PathPattern?, _ correlationID: String) {
        guard let denied = DeniedRequest(error, request, path, correlationID) else { return }
        onDenial(denied)
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
        _ correlationID: String,
        _ quotas: inout RateQuotas
    ) async throws(APIError) -> HTTPResponse {
        let principal = try await authorize(request, for: route)
        if let principal {
            for _ in 0..<(route.lines?.weight(of: request.body) ?? 1) { try await limits?.take(principal, &quotas) }
        }
        let call = Call(
            request: request,
            parameters: parameters,
            body: try route.body?.read(body: request) ?? FieldValues(),
            query: try route.query.read(query: request.query),
            headers: try route.headers.read(headers: request.headers),
            principal: principal,
            correlationID: correlationID
        )
        let id = route.headers.all.contains { $0.name == IdempotencyHeader.name } ? RequestsInProgress.ID(call) : nil
        return try await inProgress.run(id) { () async throws(APIError) in try await handle(call, by: route) }
    }

    private func handle(_ call: Call, by route: Route) async throws(APIError) -> HTTPResponse {
        let correlationID = call.correlationID
        let from = ReceivedFrom(
            by: call.caller,
            route: "\(route.method) \(route.path.text)",
            address: call.request.client?.description,
            at: WallClock.microseconds()
        )
        do {
            return try await ReceivedRequest.$current.withValue(ReceivedRequest(from, seal: seal)) {
                try await route.handler(call)
            }
        } catch let error as APIError {
            throw error.of(call.principal)
        } catch let error as PostgresError where error.wait == .lock && call.idempotencyKey != nil {
            throw .requestInProgress
        } catch let error as PostgresError where error.wait != nil && !error.isCommitUnknown {
            log.warning("\(error)", correlationID: correlationID, ["route": .string(route.path.text)])
            throw error.wait == .connection ? .unavailable("The database") : .tookTooLong
        } catch let error as PostgresError where error.isOutage || error.isRetriable {
            log.warning("\(error)", correlationID: correlationID, ["route": .string(route.path.text)])
            throw error.isCommitUnknown ? .commitUnknown : .unavailable("The database")
        } catch {
            log.error("\(error)", correlationID: correlationID, ["route": .string(route.path.text)])
            throw .internalError
        }
    }

    private func authorize(_ request: HTTPRequest, for route: Route) async throws(APIError) -> Principal? {
        guard route.access != .open else { return nil }
        guard let authenticator else { throw .unauthorized("There are no keys here.") }
        let principal = try await authenticate(request, for: route.access.scopes.first ?? .read, by: authenticator)
        try Self.check(principal, route)
        return principal
    }

    private static func check(_ principal: Principal, _ route: Route) throws(APIError) {
        do throws(APIError) { try route.access.check(principal) } catch { throw error.of(principal) }
    }

    /// - Throws: 401, or 429 for an address with too many of them. A key or a token that is known is let in all the same, and
    ///   a token whose signature is good: neighbours at one address must not lock each other out.
    private func authenticate(
        _ request: HTTPRequest,
        for scope: Scope,
        by authenticator: Authenticator
    ) async throws(APIError) -> Principal {
        let isUnknown = authenticator.isUnknownCaller(request)
        do throws(APIError) {
            // What nobody knows is not even looked up then. A signature costs no question to anybody.
            if isUnknown, let refusal = limits?.failureRefusal(from: request.client), !authenticator.isGenuine(request)
            {
                limits?.noteFailureRefusal()
                throw refusal
            }
            return try await authenticator.authenticate(request, for: scope)
        } catch {
            if error.status == 401 || isUnknown && error.isAboutCredential {
                try await limits?.takeFailure(from: request.client)
            }
            throw error
        }
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
