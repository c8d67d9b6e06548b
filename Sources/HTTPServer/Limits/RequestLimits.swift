import FlotillaHTTPRouting
package import FlotillaStorage
package import FlotillaTelemetry

/// The limits of an API: of each caller, of each address, and of an address's failures to prove who calls.
package struct RequestLimits: Sendable {
    /// A limit with the name that clients see.
    private struct Named: Sendable {
        let limiter: RateLimiter
        let name: String
        let refused: Counter

        /// `nil` without a limit.
        init?(_ limit: RateLimit?, _ name: String, _ shared: SharedRates?, _ metrics: Metrics) {
            guard let limit else { return nil }
            self.name = name
            limiter = RateLimiter(limit, name: name, shared: shared)
            refused = metrics.counter(
                "flotilla_http_rate_limited_total",
                "Requests that were over a rate limit.",
                ["limit": name]
            )
        }
    }

    private let caller: Named?
    private let address: Named?
    private let failures: Named?
    private let policies: String

    /// - Parameters:
    ///   - redis: where the processes share the limits; `nil` has them for this process alone.
    ///   - waitLimit: how long a request waits for Redis.
    package init(
        _ settings: RateLimitSettings,
        redis: RedisClient?,
        waitLimit: Duration = .milliseconds(5),
        metrics: Metrics,
        log: Log
    ) {
        let isLocal = metrics.gauge(
            "flotilla_rate_limits_local",
            "1 while rate limits hold for each process alone, since Redis does not answer in time."
        )
        let shared = redis.map { redis in
            SharedRates(RateLimits(redis), waitLimit: waitLimit) { isShared in
                isLocal.set(isShared ? 0 : 1)
                guard !isShared else { return log.info("rate limits are shared again") }
                log.warning("rate limits hold for this process alone: Redis does not answer in time")
            }
        }
        caller = Named(settings.caller, "key", shared, metrics)
        address = Named(settings.address, "address", shared, metrics)
        failures = Named(settings.failures, "authentication", shared, metrics)
        policies = [caller, address].compactMap { $0.map { Self.policy($0.limiter.limit, $0.name) } }
            .joined(separator: ", ")
    }

    /// Takes a request from an address.
    ///
    /// - Throws: 429 when there were too many.
    func take(from client: NetworkAddress?, _ quotas: inout RateQuotas) async throws(APIError) {
        guard let client else { return }
        try await take(client.client.description, from: address, &quotas) { .tooManyFromAddress($0) }
    }

    /// Takes a request of a caller.
    ///
    /// - Throws: 429 when there were too many.
    func take(_ principal: Principal, _ quotas: inout RateQuotas) async throws(APIError) {
        try await take(principal.reference, from: caller, &quotas) { .tooManyOfCaller($0) }
    }

    /// Takes a request whose caller is not known from an address.
    ///
    /// - Throws: 429 when there were too many.
    func takeFailure(from client: NetworkAddress?) async throws(APIError) {
        var hidden = RateQuotas()
        try await take(Self.place(client), from: failures, &hidden) { .tooManyFailures($0) }
    }

    /// 429 while an address has failed too often to prove who calls.
    func failureRefusal(from client: NetworkAddress?) -> APIError? {
        guard let failures, let wait = failures.limiter.refusal(of: Self.place(client)) else { return nil }
        return .tooManyFailures(RateLimit.seconds(of: wait))
    }

    /// Counts a request that was refused by ``failureRefusal(from:)``.
    func noteFailureRefusal() { failures?.refused.increment() }

    private func take(
        _ name: String,
        from limit: Named?,
        _ quotas: inout RateQuotas,
        _ error: (Int) -> APIError
    ) async throws(APIError) {
        guard let limit else { return }
        let decision = await limit.limiter.take(name)
        quotas.add(limit.name, limit.limiter.limit, decision, policies)
        guard !decision.isGranted else { return }
        limit.refused.increment()
        throw error(RateLimit.seconds(of: decision.retryAfter))
    }

    private static func place(_ client: NetworkAddress?) -> String { client?.client.description ?? "unknown" }

    private static func policy(_ limit: RateLimit, _ name: String) -> String {
        "\"\(name)\";q=\(limit.burst);w=\(limit.window)"
    }
}

extension APIError {
    static func tooManyOfCaller(_ retryAfter: Int) -> Self {
        tooMany("This key has sent more requests than it may at a time.", retryAfter)
    }

    static func tooManyFromAddress(_ retryAfter: Int) -> Self {
        tooMany("More requests come from this address than may at a time.", retryAfter)
    }

    static func tooManyFailures(_ retryAfter: Int) -> Self {
        tooMany("This address has sent too many requests without a valid key, as this one.", retryAfter)
    }

    private static func tooMany(_ message: String, _ retryAfter: Int) -> Self {
        Self(status: 429, code: "rate_limited", message: message, retryAfter: retryAfter)
    }
}
