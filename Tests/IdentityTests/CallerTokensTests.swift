import FlotillaTelemetry
import FlotillaTestSupport
import Synchronization
import Testing

@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
@testable import FlotillaIdentity

/// Without Redis: nobody can say which tokens are revoked.
struct CallerTokensTests {
    private static func tokens(
        _ policy: RevocationPolicy,
        _ metrics: Metrics = Metrics(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        wallClock: @escaping @Sendable () -> Int64 = { TokenMaker.now * 1_000_000 }
    ) throws -> CallerTokens {
        CallerTokens(
            TokenChecker(
                TokenRules(issuer: TokenMaker.issuer, audience: "flotilla"),
                secret: TokenKey(secret: TokenMaker.secret)
            ),
            nil,
            revocations: nil,
            policy: policy,
            metrics: metrics,
            log: Log(service: "test", descriptor: -1),
            now: now,
            wallClock: wallClock
        )
    }

    private static func status(_ tokens: CallerTokens, _ token: String, for scope: Scope) async -> Int {
        do throws(APIError) {
            _ = try await tokens.principal(of: token, for: scope)
            return 200
        } catch { return error.status }
    }

    @Test(arguments: RevocationPolicy.allCases)
    func `while Redis can't say what is revoked, the setting says what goes on`(policy: RevocationPolicy) async throws {
        let tokens = try Self.tokens(policy)
        let token = TokenMaker.hs256(TokenMaker.claims(["scope": "\"admin\""]))
        for scope in Scope.allCases {
            let isHigh = [.operate, .edit, .admin].contains(scope)
            let goesOn = policy == .allow || policy == .limit && !isHigh
            #expect(await Self.status(tokens, token, for: scope) == (goesOn ? 200 : 503), "\(scope)")
        }
    }

    @Test func `an admin's token is not admin any more where that is not sure`() async throws {
        let token = TokenMaker.hs256(TokenMaker.claims(["scope": "\"admin\""]))
        let limited = try await Self.tokens(.limit).principal(of: token, for: .read)
        #expect(limited.mayUse(.read) && limited.mayUse(.readPersonal) && !limited.mayUse(.operate))
        // Of what stays it may do everything, as before.
        #expect(limited.grants.events.allows("payment.succeeded", isGuarded: true))
        #expect(limited.grants.jobs.allows("audit.write", isGuarded: true))
        #expect(try await Self.tokens(.allow).principal(of: token, for: .read).mayUse(.operate))
    }

    @Test func `a token that is not valid is 401 with the reason, and one that is no JSON Web Token too`() async throws
    {
        let tokens = try Self.tokens(.allow)
        let expired = TokenMaker.hs256(TokenMaker.claims(["exp": "\(TokenMaker.now - 61)"]))
        let error = await #expect(throws: APIError.self) { try await tokens.principal(of: expired, for: .read) }
        #expect(error?.status == 401 && error?.message == "The token is not valid: it has expired.")
        #expect(error?.headers["WWW-Authenticate"]?.contains("invalid_token") == true)
        #expect(await Self.status(tokens, "opaque", for: .read) == 401)
        #expect(await Self.status(tokens, String(repeating: "a", count: 1 << 20), for: .read) == 401)
        #expect(throws: APIError.self) {
            try tokens.remembered(String(repeating: "a", count: 1 << 20), for: .read)
        }
    }

    @Test func `what was found out is remembered, and only of that token`() async throws {
        let tokens = try Self.tokens(.allow)
        let (one, other) = (TokenMaker.hs256(), TokenMaker.hs256(TokenMaker.claims(["sub": "\"43\""])))
        #expect(try tokens.remembered(one, for: .read) == nil)
        _ = try await tokens.principal(of: one, for: .read)
        #expect(try tokens.remembered(one, for: .read)?.id == "https://auth.example.com#42")
        #expect(try tokens.remembered(other, for: .read) == nil)
        tokens.forgetAll()
        #expect(try tokens.remembered(one, for: .read) == nil)
    }

    @Test func `a token that was found genuine is known until it ends, and others are not`() async throws {
        let clock = Mutex(ContinuousClock.now)
        let wallClock = Mutex(TokenMaker.now)
        let tokens = try Self.tokens(
            .allow,
            now: { clock.withLock { $0 } },
            wallClock: { wallClock.withLock { $0 } * 1_000_000 }
        )
        let (one, other) = (TokenMaker.hs256(), TokenMaker.hs256(TokenMaker.claims(["sub": "\"43\""])))
        #expect(!tokens.isKnown(one))
        _ = try await tokens.principal(of: one, for: .read)
        #expect(await Self.status(tokens, other + "x", for: .read) == 401)
        clock.withLock { $0 = $0 + .seconds(600) }
        tokens.forgetAll()
        #expect(tokens.isKnown(one) && !tokens.isKnown(other) && !tokens.isKnown(other + "x"))
        let authenticator = Authenticator(tokens: tokens) { _ in nil }
        func isUnknown(_ token: String) -> Bool {
            authenticator.isUnknownCaller(
                HTTPRequest(method: "GET", target: "/", headers: ["Authorization": "Bearer \(token)"])
            )
        }
        #expect(!isUnknown(one) && isUnknown(other))
        wallClock.withLock { $0 += 3_660 }
        #expect(!tokens.isKnown(one))
    }

    @Test func `each check is counted by what was found, and what is remembered is not checked`() async throws {
        let metrics = Metrics()
        let tokens = try Self.tokens(.limit, metrics)
        let good = TokenMaker.hs256()
        let expired = TokenMaker.hs256(TokenMaker.claims(["exp": "\(TokenMaker.now - 61)"]))
        for _ in 0..<3 { #expect(await Self.status(tokens, good, for: .read) == 200) }
        #expect(await Self.status(tokens, TokenMaker.hs256(TokenMaker.claims(["sub": "\"7\""])), for: .operate) == 503)
        for token in [expired, expired, good + "x", "opaque", String(repeating: "a", count: 1 << 20)] {
            #expect(await Self.status(tokens, token, for: .read) == 401)
        }
        let counts = [
            "accepted": 1, "unavailable": 1, "expired": 2, "signature": 1, "malformed": 1, "too_long": 1, "revoked": 0,
            "not_yet_valid": 0,
        ]
        let text = metrics.render()
        for (outcome, count) in counts {
            #expect(text.contains("flotilla_token_checks_total{outcome=\"\(outcome)\"} \(count)\n"), "\(outcome)")
        }
    }

    @Test func `a credential that is no API key goes to the tokens, and only as a bearer's`() async throws {
        let authenticator = Authenticator(tokens: try Self.tokens(.allow)) { _ in nil }
        func status(_ headers: HTTPHeaders) async -> Int {
            do throws(APIError) {
                _ = try await authenticator.authenticate(HTTPRequest(method: "GET", target: "/", headers: headers))
                return 200
            } catch { return error.status }
        }
        let token = TokenMaker.hs256()
        #expect(await status(["Authorization": "Bearer \(token)"]) == 200)
        #expect(await status(["Authorization": "bearer  \(token)"]) == 200)
        #expect(await status(["Authorization": "Basic \(token)"]) == 401)
        #expect(await status(["X-API-Key": token]) == 401)
        #expect(await status(["Authorization": "Bearer \(APIKey().revealed)"]) == 401)
        #expect(await status(["Authorization": "Bearer flk_123_456"]) == 401)
    }
}
