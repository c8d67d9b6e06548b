@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import FlotillaTelemetry
import Foundation
import Synchronization
import Testing

/// Limits as the clients of a responder meet them, counted in this process.
struct RequestLimitsTests {
    private static let key = APIKey()
    private static let other = APIKey()
    private static let slow = RateLimit(rate: 1 / 60, burst: 2)

    private let metrics = Metrics()

    private func responder(
        _ settings: RateLimitSettings,
        onDenial: @escaping @Sendable (DeniedRequest) -> Void = { _ in }
    ) -> Responder {
        let log = Log(service: "test", descriptor: -1)
        let records = [Self.key, Self.other].map {
            APIKeyRecord(id: $0.id, name: "tests", secretHash: $0.digest, scopes: [.read], createdAt: 0)
        }
        let handler: Route.Handler = { _ in Envelope.success("1") }
        return Responder(
            router: Router([
                Route("GET", "/things", access: .scope(.read), summary: "", answers: [], handler: handler),
                Route("POST", "/things", access: .scope(.read), summary: "", answers: [], handler: handler),
                Route("GET", "/open", access: .open, summary: "", answers: [], handler: handler),
            ]),
            authenticator: Authenticator { id in records.first { $0.id == id } },
            limits: RequestLimits(settings, redis: nil, metrics: metrics, log: log),
            log: log,
            metrics: metrics,
            onDenial: onDenial
        )
    }

    private func request(
        _ path: String = "/things",
        key: String? = Self.key.revealed,
        from address: String = "192.0.2.1"
    ) -> HTTPRequest {
        var request = HTTPRequest(method: "GET", target: path, headers: key.map { ["X-API-Key": $0] } ?? [:])
        request.client = NetworkAddress(address)
        return request
    }

    private func count(_ limit: String) -> Int {
        let line = metrics.render().split(separator: "\n")
            .first { $0.hasPrefix("flotilla_http_rate_limited_total{limit=\"\(limit)\"}") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? -1
    }

    @Test func `answers tell what is left of the limit, and beyond it they are 429 with when to go on`() async throws {
        let api = responder(RateLimitSettings(caller: Self.slow))
        for (status, state) in [(200, "r=1;t=60"), (200, "r=0;t=120"), (429, "r=0;t=120")] {
            let response = await api.respond(to: request())
            #expect(response.status == status)
            #expect(response.headers["RateLimit-Policy"] == "\"key\";q=2;w=120")
            #expect(response.headers["RateLimit"] == "\"key\";\(state)")
            let wait = response.headers["Retry-After"]
            #expect((wait != nil) == (status == 429))
            if let wait { #expect((50...60).contains(Int(wait) ?? 0)) }
        }
        let refused = await api.respond(to: request())
        let object = try #require(try JSONSerialization.jsonObject(with: Data(refused.body)) as? [String: Any])
        #expect((object["error"] as? [String: Any])?["code"] as? String == "rate_limited")
        #expect(object["success"] as? Bool == false)
        #expect(await api.respond(to: request(key: Self.other.revealed)).status == 200)
        #expect(count("key") == 2)
    }

    @Test func `an address has a limit of its own, and both are told`() async {
        let api = responder(RateLimitSettings(caller: RateLimit(rate: 1, burst: 10), address: Self.slow))
        let first = await api.respond(to: request())
        #expect(first.headers["RateLimit-Policy"] == "\"key\";q=10;w=10, \"address\";q=2;w=120")
        #expect(first.headers["RateLimit"] == "\"address\";r=1;t=60, \"key\";r=9;t=1")
        #expect(await api.respond(to: request("/open")).status == 200)
        let refused = await api.respond(to: request("/open"))
        #expect(refused.status == 429)
        #expect(refused.headers["RateLimit"] == "\"address\";r=0;t=120")
        #expect(await api.respond(to: request(from: "192.0.2.2")).status == 200)
        // A network of 64 bits is one client.
        for suffix in ["1", "2"] {
            #expect(await api.respond(to: request("/open", from: "2001:db8::\(suffix)")).status == 200)
        }
        #expect(await api.respond(to: request("/open", from: "2001:db8::3")).status == 429)
        #expect(await api.respond(to: request("/open", from: "2001:db8:0:1::3")).status == 200)
        #expect(count("address") == 2)
    }

    @Test func `forged keys from one address are 429 after a while; good keys and other addresses go on`() async {
        let api = responder(RateLimitSettings(failures: RateLimit(rate: 1 / 60, burst: 3)))
        #expect(await api.respond(to: request()).status == 200)
        for number in 0..<10 {
            let response = await api.respond(to: request(key: number % 2 == 0 ? APIKey().revealed : nil))
            #expect(response.status == (number < 3 ? 401 : 429), "\(number)")
            let wait = response.headers["Retry-After"].flatMap { Int($0) }
            #expect((50...60).contains(wait ?? 0) == (number >= 3))
            // How often one may guess is nobody's business.
            #expect(response.headers["RateLimit"] == nil)
        }
        #expect(await api.respond(to: request()).status == 200)
        let stolen = "flk_\(Self.key.id)_" + String(repeating: "0", count: 64)
        #expect(await api.respond(to: request(key: stolen)).status == 429)
        #expect(await api.respond(to: request(key: APIKey().revealed, from: "192.0.2.9")).status == 401)
        #expect(count("authentication") == 8)
    }

    @Test func `forged keys are not looked up while their address has failed too often`() async {
        let lookups = Atomic(0)
        let log = Log(service: "test", descriptor: -1)
        let api = Responder(
            router: Router([
                Route("GET", "/things", access: .scope(.read), summary: "", answers: []) { _ in Envelope.success("1") }
            ]),
            authenticator: Authenticator { _ in
                lookups.add(1, ordering: .relaxed)
                return nil
            },
            limits: RequestLimits(RateLimitSettings(failures: Self.slow), redis: nil, metrics: metrics, log: log),
            log: log,
            metrics: metrics
        )
        for _ in 0..<50 { _ = await api.respond(to: request(key: APIKey().revealed)) }
        #expect(lookups.load(ordering: .relaxed) == 2)
    }

    /// A service that can't say what to think of one token, and is away for another.
    private struct Doubtful: TokenVerifier {
        func remembered(_ token: String, for scope: Scope) throws(APIError) -> Principal? { nil }

        func isKnown(_ token: String) -> Bool { token == "known" }

        func isGenuine(_ token: String) -> Bool { false }

        func principal(of token: String, for scope: Scope) async throws(APIError) -> Principal {
            var error = APIError.unavailable("The service that checks tokens")
            error.isAboutCredential = token != "outage"
            throw error
        }
    }

    @Test func `tokens of which nobody can say whether they are good count as failures, known ones and outages do not`()
        async
    {
        let log = Log(service: "test", descriptor: -1)
        let api = Responder(
            router: Router([
                Route("GET", "/things", access: .scope(.read), summary: "", answers: []) { _ in Envelope.success("1") }
            ]),
            authenticator: Authenticator(tokens: Doubtful()) { _ in nil },
            limits: RequestLimits(RateLimitSettings(failures: Self.slow), redis: nil, metrics: metrics, log: log),
            log: log,
            metrics: metrics
        )
        func status(_ token: String) async -> Int {
            var request = HTTPRequest(method: "GET", target: "/things", headers: ["Authorization": "Bearer \(token)"])
            request.client = NetworkAddress("192.0.2.1")
            return await api.respond(to: request).status
        }
        for _ in 0..<5 { #expect(await status("outage") == 503) }
        for _ in 0..<5 { #expect(await status("known") == 503) }
        for expected in [503, 503, 429, 429] { #expect(await status("odd") == expected) }
        #expect(await status("known") == 503)
    }

    @Test func `a forged key is refused by the head of a request with a body, and counted once`() async throws {
        let api = responder(RateLimitSettings(failures: Self.slow))
        for number in 0..<4 {
            var head = request(key: APIKey().revealed)
            head.method = "POST"
            guard case .pending(let question) = api.admit(head) else {
                Issue.record("it is decided without a count")
                return
            }
            #expect(try #require(await question()).status == (number < 2 ? 401 : 429))
        }
    }

    @Test func `a failed authentication is reported with address and id, and without the secret`() async {
        let denials = Denials()
        let api = responder(RateLimitSettings(), onDenial: denials.add)
        let forged = APIKey()
        for _ in 0..<5 { _ = await api.respond(to: request(key: forged.revealed, from: "2001:db8::7")) }
        _ = await api.respond(to: request(key: nil))
        let found = denials.all
        #expect(found.map(\.status) == Array(repeating: 401, count: 6))
        #expect(found.prefix(5).allSatisfy { $0.address == "2001:db8::7" && $0.keyID == forged.id })
        #expect(found.last?.address == "192.0.2.1")
        #expect(found.last?.keyID == nil)
        #expect(!"\(found)".contains(forged.revealed.suffix(64)))
    }
}

private final class Denials: Sendable {
    private let state = Mutex<[DeniedRequest]>([])

    var all: [DeniedRequest] { state.withLock { $0 } }

    func add(_ denied: DeniedRequest) { state.withLock { $0.append(denied) } }
}
