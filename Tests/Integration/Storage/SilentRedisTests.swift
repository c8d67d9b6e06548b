import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Glibc
import Testing

/// A Redis that takes connections and is silent.
@Suite(.enabled(if: RedisServer.isAvailable), .timeLimit(.minutes(5)))
struct SilentRedisTests {
    @Test
    func `a silent Redis is met twice; then calls fail at once for a while, and it is used again when it answers`()
        async throws
    {
        try await RedisServer.with { server in
            var configuration = try RedisConfiguration(url: server.url)
            configuration.commandTimeout = .milliseconds(500)
            let redis = RedisClient(configuration, name: "test")
            _ = try await redis.command(["PING"])
            server.freeze()
            for _ in 0..<2 { await #expect(throws: RedisError.self) { try await redis.command(["PING"]) } }
            let start = ContinuousClock.now
            for _ in 0..<100 { await #expect(throws: RedisError.self) { try await redis.command(["PING"]) } }
            #expect(.now - start < .seconds(20), "100 calls each waited for a silent server")
            server.thaw()
            try await eventually("it is used again", within: .seconds(30), every: .milliseconds(50)) {
                (try? await redis.command(["PING"])) == .status("PONG")
            }
            await redis.close()
        }
    }

    @Test func `whoever reports a job's state waits for no Redis; what does not fit is counted`() async throws {
        try await RedisServer.with { server in
            let redis = RedisClient(try RedisConfiguration(url: server.url), name: "test")
            let metrics = Metrics()
            let queue = JobStateQueue(JobStates(redis, metrics: metrics), limit: 1_000)
            server.freeze()
            let start = ContinuousClock.now
            for number in 0..<5_000 {
                queue.add([JobStateChange(jobID: "j\(number)", attempt: 1, state: .running, at: 1)])
            }
            #expect(.now - start < .seconds(10), "a change waited for Redis")
            await queue.finish(within: .milliseconds(50))
            server.thaw()
            try await eventually("changes go on", within: .seconds(30)) {
                queue.add([JobStateChange(jobID: "last", attempt: 1, state: .running, at: 2)])
                return (try? await redis.command(["EXISTS", "flotilla:job:last"])) == .int(1)
            }
            #expect(!metrics.render().contains("flotilla_job_state_failures_total 0\n"))
            await redis.close()
        }
    }

    @Test func `changes reach Redis in the order in which they were reported`() async throws {
        try await RedisServer.with { server in
            let redis = RedisClient(try RedisConfiguration(url: server.url), name: "test")
            let states = JobStates(redis, metrics: Metrics())
            let queue = JobStateQueue(states)
            for number in 0..<300 {
                queue.add([JobStateChange(jobID: "j\(number)", attempt: 1, state: .running, worker: "w", at: 1)])
                queue.add([JobStateChange(jobID: "j\(number)", attempt: 1, state: .succeeded, worker: "w", at: 2)])
            }
            await queue.finish(within: .seconds(30))
            for number in [0, 150, 299] {
                let snapshot = await states.read("j\(number)")
                #expect(snapshot?.state == .succeeded)
            }
            await redis.close()
        }
    }
}

/// Redis of a test's own, which it may stop where it stands. It listens on a Unix socket in its folder.
final class RedisServer: Sendable {
    private static let program = "/usr/bin/redis-server"
    static let isAvailable =
        ProcessInfo.processInfo.environment["CI"] != nil || FileManager.default.fileExists(atPath: program)

    private let process: Process
    private let folder: URL

    var url: String { "unix://\(folder.path)/redis.sock" }

    private init(folder: URL) throws {
        self.folder = folder
        process = Process()
        process.executableURL = URL(filePath: Self.program)
        process.arguments = [
            "--port", "0", "--unixsocket", folder.path + "/redis.sock", "--dir", folder.path, "--save", "",
        ]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
    }

    /// Starts a server, lends it to `body`, and leaves nothing of it.
    static func with(_ body: (RedisServer) async throws -> Void) async throws {
        let folder = URL(filePath: "/tmp/redis.\(TestServers.uniqueWord())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try RedisServer(folder: folder)
        let result: Result<Void, any Error>
        do {
            let redis = RedisClient(try RedisConfiguration(url: server.url), name: "start")
            try await eventually("Redis is up", within: .seconds(60)) {
                guard FileManager.default.fileExists(atPath: folder.path + "/redis.sock") else { return false }
                return (try? await redis.command(["PING"])) == .status("PONG")
            }
            await redis.close()
            result = .success(try await body(server))
        } catch { result = .failure(error) }
        kill(server.process.processIdentifier, SIGKILL)
        server.process.waitUntilExit()
        try result.get()
    }

    func freeze() { kill(process.processIdentifier, SIGSTOP) }

    func thaw() { kill(process.processIdentifier, SIGCONT) }
}
