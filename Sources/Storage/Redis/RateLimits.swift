/// Rates that several processes share.
package struct RateLimits: Sendable {
    package struct Grant: Sendable, Hashable {
        /// How many of the wanted permits were granted.
        package let granted: Int
        /// When the next permit comes.
        package let next: Duration
    }

    private let redis: RedisClient

    package init(_ redis: RedisClient) { self.redis = redis }

    /// Takes up to `wanted` permits of the limit of that name, as many as are free now.
    ///
    /// - Parameters:
    ///   - rate: permits per second, above zero; every process has to name the same.
    ///   - burst: how many may be taken at once after a pause; at least 1.
    package func take(_ wanted: Int, of name: String, rate: Double, burst: Int) async throws(RedisError) -> Grant {
        let interval = max(1, (1e6 / rate).rounded())
        let reply = try await redis.evaluate(
            .rateLimit,
            keys: ["flotilla:rate:\(name)"],
            arguments: [.int(Int64(interval)), .int(Int64(interval) * Int64(burst - 1)), .int(Int64(wanted))]
        )
        guard let granted = reply.elements.first?.int, let next = reply.elements.last?.int else {
            throw RedisError(code: .server("ERR"), operation: "take from a rate", detail: "an answer of another shape")
        }
        return Grant(granted: Int(granted), next: .microseconds(next))
    }
}
