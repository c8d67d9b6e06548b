/// Rates that several processes share.
package struct RateLimits: Sendable {
    package struct Grant: Sendable, Hashable {
        /// How many of the wanted permits were granted.
        package let granted: Int
        /// When the next permit comes.
        package let next: Duration
        /// How many more could have been granted.
        package let left: Int
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
        let numbers = reply.elements.compactMap(\.int)
        guard numbers.count == 3 else {
            throw RedisError(code: .server("ERR"), operation: "take from a rate", detail: "an answer of another shape")
        }
        return Grant(granted: Int(numbers[0]), next: .microseconds(numbers[1]), left: Int(numbers[2]))
    }
}
