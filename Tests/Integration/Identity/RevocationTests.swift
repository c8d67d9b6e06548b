@testable import FlotillaIdentity
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Synchronization
import FlotillaModels
import Testing
import Workers

@testable import FlotillaHTTPRouting

/// What is revoked, over a real Redis; each test has subjects and ids of its own.
@Suite(.enabled(if: TestRedis.isAvailable))
struct RevocationTests {
    /// What one process of the API knows of tokens.
    private struct Process: Sendable {
        let tokens: CallerTokens
        let redis: RedisClient
        let clock = ManualClock()

        init(_ redis: RedisClient, policy: RevocationPolicy = .limit) throws {
            self.redis = redis
            tokens = CallerTokens(
                TokenChecker(
                    TokenRules(issuer: TokenMaker.issuer, audience: "flotilla"),
                    secret: TokenKey(secret: TokenMaker.secret)
                ),
                nil,
                revocations: Revocations(redis, longestLife: .seconds(86_400)),
                policy: policy,
                log: Log(service: "test", descriptor: -1),
                now: { [clock] in clock.now },
                wallClock: { TokenMaker.now * 1_000_000 }
            )
        }

        func status(_ token: String, for scope: Scope = .read) async -> Int {
            do throws(APIError) {
                _ = try await tokens.principal(of: token, for: scope)
                return 200
            } catch { return error.status }
        }
    }

    private final class ManualClock: Sendable {
        private let time = Mutex(ContinuousClock.now)

        var now: ContinuousClock.Instant { time.withLock { $0 } }

        func pass(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
    }

    private static func token(subject: String, id: String?, issuedAt: Int64? = TokenMaker.now) -> String {
        TokenMaker.hs256(
            TokenMaker.claims([
                "sub": "\"\(subject)\"", "jti": id.map { "\"\($0)\"" }, "iat": issuedAt.map { "\($0)" },
                "scope": "\"read operate\"",
            ])
        )
    }

    private static func with(_ body: (Process, Process, Revocations, String) async throws -> Void) async throws {
        try await TestRedis.with { redis, word in
            let other = try TestRedis.client()
            let revocations = Revocations(redis, longestLife: .seconds(86_400))
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(try Process(redis), try Process(other), revocations, word))
            } catch { result = .failure(error) }
            await other.close()
            try result.get()
        }
    }

    @Test func `a revoked token is refused by every process after two seconds, and no other token is`() async throws {
        try await Self.with { one, other, revocations, word in
            let (token, kept) = (Self.token(subject: word, id: "\(word)-1"), Self.token(subject: word, id: "\(word)-2"))
            for process in [one, other] {
                #expect(await process.status(token) == 200)
                #expect(await process.status(kept, for: .operate) == 200)
            }
            let end = try await revocations.revoke("\(word)-1", expiresAt: TokenMaker.now + 3_600, at: TokenMaker.now)
            #expect(end == TokenMaker.now + 3_660)
            for process in [one, other] {
                process.clock.pass(.seconds(2))
                #expect(await process.status(token) == 401)
                #expect(await process.status(kept) == 200)
            }
        }
    }

    @Test func `a revoked token is remembered for as long as it lives, and no longer`() async throws {
        try await Self.with { _, _, revocations, word in
            let now = TokenMaker.now
            try await revocations.revoke("\(word)-1", expiresAt: now + 100, at: now)
            let short = try await life(of: "revoked:\(word)-1")
            #expect((150...160).contains(short))
            // Nobody may fill Redis for ever.
            try await revocations.revoke("\(word)-2", expiresAt: now + 1_000_000_000, at: now)
            let long = try await life(of: "revoked:\(word)-2")
            #expect((86_460...86_520).contains(long))
            #expect(try await revocations.revoke("\(word)-3", expiresAt: now - 61, at: now) == nil)
        }
    }

    private func life(of key: String) async throws -> Int64 {
        let redis = try TestRedis.client()
        let reply = try await redis.command(["TTL", .text(key)])
        await redis.close()
        return reply.int ?? -1
    }

    @Test func `all tokens of a subject that were issued by a time are refused, and those issued later are not`()
        async throws
    {
        try await Self.with { process, _, revocations, word in
            let time = TokenMaker.now - 100
            try await revocations.revoke(subject: word, issuedBy: time, undated: false)
            // An older event that comes later takes nothing back.
            try await revocations.revoke(subject: word, issuedBy: time - 1_000, undated: false)
            for (issuedAt, status) in [(time - 500, 401), (time, 401), (time + 1, 200)] {
                #expect(await process.status(Self.token(subject: word, id: nil, issuedAt: issuedAt)) == status)
            }
            // One that does not say when it was issued may be an old one.
            #expect(await process.status(Self.token(subject: word, id: nil, issuedAt: nil)) == 401)
            #expect(await process.status(Self.token(subject: "\(word)-other", id: nil, issuedAt: time - 500)) == 200)
        }
    }

    @Test
    func `a token that nobody dates ends with its subject's deletion, and outlives a logout by the service's word`()
        async throws
    {
        try await Self.with { _, _, revocations, word in
            func cause(issuedAt: Int64) async throws -> RevocationCause? {
                let identity = TokenIdentity(
                    kind: .introspected,
                    issuer: "https://auth.example.com",
                    subject: word,
                    digest: SHA256.digest(word),
                    issuedAt: issuedAt,
                    isUndated: true,
                    scopes: [.read],
                    grants: Grants()
                )
                return try await revocations.cause(for: identity)
            }
            try await revocations.revoke(subject: word, issuedBy: TokenMaker.now, undated: false)
            #expect(try await cause(issuedAt: TokenMaker.now) == .subject)
            #expect(try await cause(issuedAt: TokenMaker.now + 1) == nil)
            try await revocations.revoke(subject: word, issuedBy: TokenMaker.now, undated: true)
            #expect(try await cause(issuedAt: TokenMaker.now + 1) == .subject)
        }
    }

    @Test func `a token without an id is revoked by its digest`() async throws {
        try await Self.with { process, _, revocations, word in
            let token = Self.token(subject: word, id: nil)
            #expect(await process.status(token) == 200)
            try await revocations.revoke(Revocations.name(ofDigest: SHA256.digest(token)), expiresAt: nil)
            process.clock.pass(.seconds(2))
            #expect(await process.status(token) == 401)
        }
    }

    @Test func `while Redis is away, tokens go on for reading and are 503 for operating`() async throws {
        let redis = RedisClient(try RedisConfiguration(url: "redis://127.0.0.1:1"), name: "test")
        let process = try Process(redis)
        let token = Self.token(subject: "1", id: "1")
        #expect(await process.status(token, for: .read) == 200)
        #expect(await process.status(token, for: .operate) == 503)
        let strict = try Process(redis, policy: .refuse)
        #expect(await strict.status(token, for: .read) == 503)
        await redis.close()
    }

    @Test func `a logout and a deletion end tokens, and an outage of Redis spends no attempt`() async throws {
        try await TestDatabase.with { database in
            try await Self.with { process, _, revocations, word in
                func handle(_ worker: RevocationWorker, _ event: String, _ body: String) async -> Result<
                    Outcome, any Error
                > {
                    let harness = HandlerHarness(worker, queue: "identity.\(event)", database.pool)
                    return await harness.handle([.init(id: word, event: event, body: body)])[0]
                }
                let worker = RevocationWorker(revocations)
                let (one, other) = (
                    Self.token(subject: word, id: "\(word)-1"), Self.token(subject: word, id: "\(word)-2")
                )
                #expect(await process.status(one) == 200)
                let logout = #"{"userId":"\#(word)","jti":"\#(word)-1","exp":\#(TokenMaker.now + 3_600)}"#
                #expect(await handle(worker, "user.logout", logout).isDone)
                process.clock.pass(.seconds(2))
                #expect(await process.status(one) == 401)
                #expect(await process.status(other) == 200)
                let old = Self.token(subject: word, id: "\(word)-3", issuedAt: 1_700_000_000)
                #expect(await process.status(old) == 200)
                #expect(await handle(worker, "user.deleted", #"{"id":"\#(word)"}"#).isDone)
                process.clock.pass(.seconds(2))
                #expect(await process.status(old) == 401)
                // The issuer's clock may be ahead.
                let ahead = WallClock.microseconds() / 1_000_000 + 30
                #expect(await process.status(Self.token(subject: word, id: "\(word)-4", issuedAt: ahead)) == 401)
                let away = RedisClient(try RedisConfiguration(url: "redis://127.0.0.1:1"), name: "test")
                let blind = RevocationWorker(Revocations(away, longestLife: .seconds(60)))
                guard case .failure(let error) = await handle(blind, "user.deleted", #"{"id":"1"}"#) else {
                    Issue.record("nothing was thrown")
                    return
                }
                #expect((error as? DependencyOutage)?.dependency == .redis)
                await away.close()
                #expect(await handle(RevocationWorker(nil), "user.deleted", #"{"id":"1"}"#).isDone)
            }
        }
    }
}
