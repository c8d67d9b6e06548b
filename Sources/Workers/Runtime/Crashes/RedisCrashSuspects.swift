package import FlotillaStorage

/// Shares suspects through Redis: a key each, which Redis forgets after an hour.
package struct RedisCrashSuspects: SharedCrashSuspects {
    private let redis: RedisClient
    private let prefix = "flotilla:suspect:"
    private let secondsKept: Int64 = 3_600

    package init(_ redis: RedisClient) { self.redis = redis }

    package func add(_ suspects: [(identity: String, suspicion: String)]) async {
        let commands: [[RedisArgument]] = suspects.map { suspect in
            ["SET", .text(prefix + suspect.identity), .text(suspect.suspicion), "EX", .int(secondsKept)]
        }
        _ = try? await redis.pipeline(commands)
    }

    package func find(_ identities: [String]) async -> [String?] {
        let keys: [RedisArgument] = identities.map { .text(prefix + $0) }
        let values = (try? await redis.command(["MGET"] + keys))?.elements ?? []
        return identities.indices.map { $0 < values.count ? values[$0].text : nil }
    }

    package func remove(_ identities: [String]) async {
        _ = try? await redis.command(["DEL"] + identities.map { .text(prefix + $0) })
    }
}
