import FlotillaPlatform
import FlotillaTelemetry
import FlotillaTestSupport
import Synchronization
import Testing

@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
@testable import FlotillaIdentity

/// Callers behind one address, of which one has failed too often to prove who it is.
struct NeighbourTests {
    /// A set of keys that counts how often it would have to be asked.
    private final class Keys: TokenKeySource {
        let questions = Mutex(0)
        let known: TokenKey

        init() throws { known = try #require(TokenKey(secret: TokenMaker.secret)) }

        func key(_ name: String?) async -> TokenKey? {
            questions.withLock { $0 += 1 }
            return knownKey(name)
        }

        func knownKey(_ name: String?) -> TokenKey? { name == "k" ? known : nil }
    }

    private static let header = #"{"alg":"HS256","typ":"JWT","kid":"k"}"#

    private let keys: Keys
    private let api: Responder
    private let lookups: Lookups

    private final class Lookups: Sendable {
        let count = Mutex(0)
    }

    init() async throws {
        let (keys, lookups) = (try Keys(), Lookups())
        (self.keys, self.lookups) = (keys, lookups)
        let log = Log(service: "test", descriptor: -1)
        let tokens = CallerTokens(
            TokenChecker(TokenRules(issuer: TokenMaker.issuer, audience: "flotilla"), keys: keys),
            nil,
            revocations: nil,
            policy: .allow,
            log: log,
            wallClock: { TokenMaker.now * 1_000_000 }
        )
        let settings = RateLimitSettings(failures: RateLimit(rate: 1 / 60, burst: 2))
        let metrics = Metrics()
        api = Responder(
            router: Router([
                Route("GET", "/things", access: .scope(.read), summary: "", answers: []) { _ in Envelope.success("1") },
                Route("POST", "/things", access: .scope(.read), summary: "", answers: []) { _ in Envelope.success("1")
                },
            ]),
            authenticator: Authenticator(tokens: tokens) { _ in
                lookups.count.withLock { $0 += 1 }
                return nil
            },
            limits: RequestLimits(settings, redis: nil, metrics: metrics, log: log),
            log: log,
            metrics: metrics
        )
        for _ in 0..<3 { _ = await api.respond(to: request(TokenMaker.hs256(header: Self.header) + "x")) }
    }

    private func request(_ credential: String, _ method: String = "GET") -> HTTPRequest {
        var request = HTTPRequest(method: method, target: "/things", headers: ["Authorization": "Bearer \(credential)"])
        request.client = NetworkAddress("192.0.2.1")
        return request
    }

    private func status(_ credential: String) async -> Int { await api.respond(to: request(credential)).status }

    @Test func `a good token that was never seen is let in while its address has failed too often`() async throws {
        #expect(await status("flk_0_1") == 429)
        for subject in ["1", "2"] {
            let claims = TokenMaker.claims(["sub": "\"\(subject)\""])
            #expect(await status(TokenMaker.hs256(claims, header: Self.header)) == 200)
        }
        let new = TokenMaker.hs256(TokenMaker.claims(["sub": "\"3\""]), header: Self.header)
        guard case .pending(let question) = api.admit(request(new, "POST")) else {
            Issue.record("it is decided without a check")
            return
        }
        #expect(await question() == nil)
    }

    @Test func `what is no good token is refused there, and costs no question to anybody`() async {
        let asked = keys.questions.withLock { $0 }
        let expired = TokenMaker.hs256(TokenMaker.claims(["exp": "\(TokenMaker.now - 61)"]), header: Self.header)
        let strange = TokenMaker.hs256(header: #"{"alg":"HS256","typ":"JWT","kid":"other"}"#)
        let long = String(repeating: "a", count: JSONWebToken.longest + 1)
        for credential in [expired, strange, "opaque", long, "a.b.c", APIKey().revealed] {
            #expect(await status(credential) == 429, "\(credential.prefix(80))")
        }
        #expect(keys.questions.withLock { $0 } == asked)
        #expect(lookups.count.withLock { $0 } == 0)
    }
}
