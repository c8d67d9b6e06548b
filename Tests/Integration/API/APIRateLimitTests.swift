import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

/// Rate limits of servers that share a Redis, and of one whose Redis is silent.
@Suite(.enabled(if: TestDatabase.isAvailable && RedisServer.isAvailable), .timeLimit(.minutes(5)))
struct APIRateLimitTests {
    private static let hourly = RateLimit(rate: 1.0 / 3_600, burst: 6)

    /// - Parameter waitLimit: long where a test wants the common count, whatever else the machine does.
    private func limits(
        _ settings: RateLimitSettings,
        _ redis: RedisClient?,
        waitLimit: Duration,
        _ metrics: Metrics = Metrics()
    ) -> RequestLimits {
        RequestLimits(
            settings,
            redis: redis,
            waitLimit: waitLimit,
            metrics: metrics,
            log: Log(service: "test", threshold: .error)
        )
    }

    @Test func `two servers hold a key to one limit`() async throws {
        try await RedisServer.with { server in
            let clients = try (0..<2).map { try RedisClient(RedisConfiguration(url: server.url), name: "test \($0)") }
            let limits = clients.map {
                self.limits(RateLimitSettings(caller: Self.hourly), $0, waitLimit: .seconds(30))
            }
            try await TestDatabase.with(migrated: true) { database in
                try await APIFixture.with(database.pool, limits: limits[0]) { first in
                    try await APIFixture.with(database.pool, limits: limits[1]) { second in
                        let key = first.key.revealed
                        for number in 0..<10 {
                            let api = number % 2 == 0 ? first : second
                            let answer = try await api.call("GET", "/api/v1/jobs", key: key)
                            #expect(answer.status == (number < 6 ? 200 : 429), "\(number)")
                            #expect(answer.header("RateLimit-Policy") == "\"key\";q=6;w=21600")
                            let left = max(0, 5 - number)
                            #expect(answer.header("RateLimit") == "\"key\";r=\(left);t=\((6 - left) * 3_600)")
                            let wait = answer.header("Retry-After").flatMap { Int($0) }
                            if number >= 6 { #expect((3_500...3_600).contains(wait ?? 0)) }
                        }
                        #expect(try await second.call("GET", "/api/v1/jobs").status == 200)
                    }
                }
            }
            for client in clients { await client.close() }
        }
    }

    @Test func `at once from both servers, a key gets its limit and no request more`() async throws {
        try await RedisServer.with { server in
            let redis = try RedisConfiguration(url: server.url)
            let clients = (0..<2).map { RedisClient(redis, name: "test \($0)") }
            let limit = RateLimit(rate: 1.0 / 3_600, burst: 15)
            let limits = clients.map { self.limits(RateLimitSettings(caller: limit), $0, waitLimit: .seconds(30)) }
            try await TestDatabase.with(migrated: true) { database in
                try await APIFixture.with(database.pool, limits: limits[0]) { first in
                    try await APIFixture.with(database.pool, limits: limits[1]) { second in
                        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                            for number in 0..<60 {
                                group.addTask {
                                    let api = number % 2 == 0 ? first : second
                                    return try await api.call("GET", "/api/v1/jobs", key: first.key.revealed).status
                                }
                            }
                            return try await group.reduce(into: []) { $0.append($1) }
                        }
                        #expect(statuses.filter { $0 == 200 }.count == 15)
                        #expect(statuses.filter { $0 == 429 }.count == 45)
                    }
                }
            }
            for client in clients { await client.close() }
        }
    }

    @Test func `a high limit is shared in batches, within a batch for each server`() async throws {
        try await RedisServer.with { server in
            let redis = try RedisConfiguration(url: server.url)
            let clients = (0..<2).map { RedisClient(redis, name: "test \($0)") }
            // 200 permits, 10 of them taken ahead at a time; none comes back during the test.
            let limit = RateLimit(rate: 1_000, burst: 200)
            #expect(limit.batch == 10)
            let limiters = clients.map {
                RateLimiter(limit, name: "test", shared: SharedRates(RateLimits($0), waitLimit: .seconds(30)))
            }
            let start = ContinuousClock.now
            var granted = 0
            for number in 0..<600 {
                if await limiters[number % 2].take("caller").isGranted { granted += 1 }
            }
            let regained = Int((.now - start) / .seconds(1) * limit.rate) + 1
            #expect(granted >= min(600, 200 - 10))
            #expect(granted <= 200 + regained + 2 * 10)
            for client in clients { await client.close() }
        }
    }

    @Test func `one late answer is that request's alone; three in a row are every request's`() async throws {
        try await RedisServer.with { server in
            let redis = RedisClient(try RedisConfiguration(url: server.url), name: "test")
            let reports = Mutex<[Bool]>([])
            let shared = SharedRates(RateLimits(redis), waitLimit: .milliseconds(200)) { isShared in
                reports.withLock { $0.append(isShared) }
            }
            let limiter = RateLimiter(Self.hourly, name: "test", shared: shared)
            let first = await limiter.take("caller")
            #expect(first.isGranted && first.remaining == 5)
            for _ in 0..<2 {
                server.freeze()
                // Its own count knows of the first request alone.
                #expect(await limiter.take("caller").isGranted)
                server.thaw()
                try await eventually("Redis answers in time again") {
                    let start = ContinuousClock.now
                    _ = await limiter.take("another")
                    return .now - start < .milliseconds(200)
                }
            }
            #expect(reports.withLock { $0 } == [])
            server.freeze()
            for number in 0..<3 { #expect(await limiter.take("new \(number)").isGranted) }
            #expect(reports.withLock { $0 } == [false])
            server.thaw()
            try await eventually("limits are shared again", within: .seconds(60)) {
                _ = await limiter.take("another")
                return reports.withLock { $0 } == [false, true]
            }
            await redis.close()
        }
    }

    @Test func `a silent Redis stops nobody: the server counts for itself, and shares again when it answers`()
        async throws
    {
        try await RedisServer.with { server in
            let redis = RedisClient(try RedisConfiguration(url: server.url), name: "test")
            let metrics = Metrics()
            let settings = RateLimitSettings(caller: Self.hourly, address: RateLimit(rate: 1_000, burst: 100_000))
            let limits = self.limits(settings, redis, waitLimit: .milliseconds(5), metrics)
            try await TestDatabase.with(migrated: true) { database in
                try await APIFixture.with(database.pool, limits: limits) { api in
                    for _ in 0..<2 { #expect(try await api.call("GET", "/api/v1/jobs").status == 200) }
                    server.freeze()
                    let start = ContinuousClock.now
                    var statuses: [Int] = []
                    for _ in 0..<60 { statuses.append(try await api.call("GET", "/api/v1/jobs").status) }
                    #expect(.now - start < .seconds(20), "60 requests each waited for a silent server")
                    #expect(statuses == Array(repeating: 200, count: 4) + Array(repeating: 429, count: 56))
                    #expect(metrics.render().contains("flotilla_rate_limits_local 1.0\n"))
                    server.thaw()
                    try await eventually("limits are shared again", within: .seconds(60), every: .milliseconds(50)) {
                        _ = try await api.call("GET", "/health/live")
                        return metrics.render().contains("flotilla_rate_limits_local 0.0\n")
                    }
                }
            }
            await redis.close()
        }
    }

    @Test func `forged keys from one address end in 429; another address and good keys go on`() async throws {
        try await RedisServer.with { server in
            let redis = RedisClient(try RedisConfiguration(url: server.url), name: "test")
            let settings = RateLimitSettings(failures: Self.hourly)
            let limits = self.limits(settings, redis, waitLimit: .seconds(30))
            try await TestDatabase.with(migrated: true) { database in
                try await APIFixture.with(database.pool, limits: limits) { api in
                    #expect(try await api.call("GET", "/api/v1/jobs", from: "127.0.0.2").status == 200)
                    for number in 0..<40 {
                        let body = number % 2 == 0 ? nil : #"{"type":"a","data":1}"#
                        let answer = try await api.call(
                            body == nil ? "GET" : "POST",
                            body == nil ? "/api/v1/jobs" : "/api/v1/events",
                            body,
                            key: APIKey().revealed,
                            from: "127.0.0.2"
                        )
                        #expect(answer.status == (number < 6 ? 401 : 429), "\(number)")
                        let wait = answer.header("Retry-After").flatMap { Int($0) }
                        #expect((3_500...3_600).contains(wait ?? 0) == (number >= 6))
                    }
                    #expect(try await api.call("GET", "/api/v1/jobs", from: "127.0.0.2").status == 200)
                    let forged = APIKey().revealed
                    #expect(try await api.call("GET", "/api/v1/jobs", key: forged, from: "127.0.0.3").status == 401)
                    #expect(try await api.call("GET", "/api/v1/jobs", from: "127.0.0.3").status == 200)
                }
            }
            await redis.close()
        }
    }
}
