import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import Foundation
import Testing

@Suite(.enabled(if: TestRedis.isAvailable), .serialized)
struct RedisTests {
    @Test func `every kind of answer is understood`() async throws {
        try await TestRedis.with { redis, prefix in
            let replies = try await redis.pipeline([
                ["SET", .text(prefix), .bytes([0, 255, 13, 10])], ["GET", .text(prefix)],
                ["GET", .text(prefix + "none")],
                ["INCR", .text(prefix + "n")], ["MGET", .text(prefix + "n"), .text(prefix + "none")], ["NONSENSE"],
            ])
            #expect(replies[0] == .status("OK"))
            #expect(replies[1] == .bytes([0, 255, 13, 10]))
            #expect(replies[2] == .null)
            #expect(replies[3] == .int(1))
            #expect(replies[4] == .array([.bytes([0x31]), .null]))
            guard case .error = replies[5] else {
                Issue.record("nonsense was understood")
                return
            }
            let error = await #expect(throws: RedisError.self) { try await redis.command(["NONSENSE"]) }
            #expect(error?.code == .server("ERR"))
        }
    }

    @Test func `calls of many tasks get their own answers`() async throws {
        try await TestRedis.with { redis, _ in
            try await withThrowingTaskGroup { group in
                for number in 0..<500 {
                    group.addTask {
                        let reply = try await redis.command(["ECHO", .int(Int64(number))])
                        #expect(reply.int == Int64(number))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a script is sent again when the server has forgotten it`() async throws {
        try await TestRedis.with { redis, prefix in
            let script = RedisScript("return {KEYS[1], ARGV[1] + 1, '\(prefix)'}")
            for _ in 0..<2 {
                let reply = try await redis.evaluate(script, keys: ["k"], arguments: [41])
                #expect(reply.elements.map(\.text) == ["k", "42", prefix])
                _ = try await redis.command(["SCRIPT", "FLUSH"])
            }
        }
    }

    @Test func `a connection that was killed is made again unseen`() async throws {
        try await TestRedis.with { redis, _ in
            let id = try await redis.command(["CLIENT", "ID"]).int ?? 0
            let killer = try TestRedis.client()
            _ = try await killer.command(["CLIENT", "KILL", "ID", .int(id)])
            let other = try await redis.command(["CLIENT", "ID"]).int ?? 0
            #expect(other != id)
            await killer.close()
        }
    }

    @Test func `without a server calls fail at once, and an update of a state is only counted`() async throws {
        let configuration = try RedisConfiguration(url: "unix:///nowhere/redis.sock")
        let redis = RedisClient(configuration, name: "dead")
        let metrics = Metrics()
        let states = JobStates(redis, metrics: metrics)
        for _ in 0..<50 {
            let error = await #expect(throws: RedisError.self) { try await redis.command(["PING"]) }
            #expect(error?.code == .unavailable)
        }
        await states.update(JobStateChange(jobID: "j", attempt: 1, state: .running, at: 1))
        let snapshot = await states.read("j")
        #expect(snapshot == nil)
        #expect(metrics.render().contains("flotilla_job_state_failures_total 1"))
        await redis.close()
    }

    @Test func `a server that does not answer in time is given up`() async throws {
        try await TestRedis.with { redis, prefix in
            var configuration = try TestRedis.configuration()
            configuration.commandTimeout = .milliseconds(100)
            let shortTimeout = RedisClient(configuration, name: "impatient")
            let error = await #expect(throws: RedisError.self) {
                try await shortTimeout.command(["BLPOP", .text(prefix), 5])
            }
            #expect(error?.code == .unavailable)
            let reply = try await shortTimeout.command(["PING"])
            #expect(reply == .status("PONG"))
            await shortTimeout.close()
        }
    }
}

@Suite(.enabled(if: TestRedis.isAvailable), .serialized)
struct JobStatesTests {
    private func changes(_ id: String) -> [JobStateChange] {
        [
            JobStateChange(jobID: id, attempt: 0, state: .scheduled, at: 1),
            JobStateChange(jobID: id, attempt: 0, state: .queued, at: 2),
            JobStateChange(jobID: id, attempt: 1, state: .running, progress: 10, worker: "w1", at: 3),
            JobStateChange(jobID: id, attempt: 1, state: .retrying, lastError: "first", at: 4),
            JobStateChange(jobID: id, attempt: 2, state: .running, worker: "w2", at: 5),
            JobStateChange(jobID: id, attempt: 2, state: .retrying, lastError: "second", at: 6),
            JobStateChange(jobID: id, attempt: 3, state: .running, worker: "w3", at: 7),
            JobStateChange(jobID: id, attempt: 3, state: .running, progress: 50, progressMessage: "half", at: 8),
            JobStateChange(jobID: id, attempt: 3, state: .succeeded, at: 9),
        ]
    }

    @Test func `updates in any order end in the same state`() async throws {
        try await TestRedis.with { redis, prefix in
            let states = JobStates(redis, metrics: Metrics())
            for round in 0..<40 {
                let id = "\(prefix)-\(round)"
                await states.update(changes(id).shuffled())
                let snapshot = await states.read(id)
                #expect(snapshot?.state == .succeeded)
                #expect(snapshot?.attempt == 3)
                #expect(snapshot?.progress == 100)
                #expect(snapshot?.finishedAt == 9)
            }
        }
    }

    @Test func `an old attempt can't overwrite a newer one, nor progress go back`() async throws {
        try await TestRedis.with { redis, prefix in
            let states = JobStates(redis, metrics: Metrics())
            for change in changes(prefix).prefix(8) { await states.update(change) }
            await states.update(JobStateChange(jobID: prefix, attempt: 2, state: .dead, lastError: "late", at: 20))
            await states.update(JobStateChange(jobID: prefix, attempt: 3, state: .running, progress: 40, at: 21))
            let snapshot = await states.read(prefix)
            #expect(snapshot?.state == .running)
            #expect(snapshot?.progress == 50)
            #expect(snapshot?.progressMessage == "half")
            #expect(snapshot?.worker == "w3")
            #expect(snapshot?.lastError == "second")
            #expect(snapshot?.queuedAt == 1)
            #expect(snapshot?.startedAt == 7)
            #expect(snapshot?.finishedAt == nil)
        }
    }

    @Test func `a finished state goes after its retention, and a flushed server takes new ones`() async throws {
        try await TestRedis.with(database: 9) { redis, prefix in
            let states = JobStates(redis, metrics: Metrics(), retention: .seconds(100))
            await states.update(changes(prefix))
            let left = try await redis.command(["PTTL", .text("flotilla:job:\(prefix)")]).int ?? 0
            #expect(left > 0 && left <= 100_000)
            _ = try await redis.command(["FLUSHDB"])
            _ = try await redis.command(["SCRIPT", "FLUSH"])
            let none = await states.read(prefix)
            #expect(none == nil)
            await states.update(changes(prefix))
            let snapshot = await states.read(prefix)
            #expect(snapshot?.state == .succeeded)
            await states.forget([prefix])
            let forgotten = await states.read(prefix)
            #expect(forgotten == nil)
        }
    }
}

/// The server of `REDIS_URL`; each test has keys of its own.
enum TestRedis {
    static let isAvailable =
        ProcessInfo.processInfo.environment["REDIS_URL"] != nil || ProcessInfo.processInfo.environment["CI"] != nil

    static func configuration() throws -> RedisConfiguration {
        try RedisConfiguration(
            url: try #require(ProcessInfo.processInfo.environment["REDIS_URL"], "REDIS_URL is not set")
        )
    }

    static func client() throws -> RedisClient { RedisClient(try configuration(), name: "test") }

    /// - Parameter database: another one than the other tests', to be flushed.
    static func with(database: Int = 0, _ body: (RedisClient, String) async throws -> Void) async throws {
        let redis = try client()
        do {
            if database != 0 { _ = try await redis.command(["SELECT", .int(Int64(database))]) }
            try await body(redis, "test-\(UUID().uuidString)")
            await redis.close()
        } catch {
            await redis.close()
            throw error
        }
    }
}
