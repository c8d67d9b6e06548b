@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import FlotillaPlatform
import FlotillaTelemetry
import Foundation
import Testing

/// What clients ask for by `Accept` and `Accept-Encoding`.
struct NegotiationTests {
    private static let long = "\"" + String(repeating: "much of the same ", count: 200) + "\""

    private func responder() -> Responder {
        func route(_ path: String, holdsSecrets: Bool = false, _ response: HTTPResponse) -> Route {
            Route("GET", path, access: .open, summary: "", holdsSecrets: holdsSecrets, answers: []) { _ in response }
        }
        return Responder(
            router: Router([
                route("/long", Envelope.success(Self.long)),
                route("/short", Envelope.success("1")),
                route("/secret", holdsSecrets: true, Envelope.success(Self.long)),
                route("/text", HTTPResponse(text: Self.long)),
                route("/stream", HTTPResponse(text: Self.long, type: "text/event-stream")),
                route("/picture", HTTPResponse(text: Self.long, type: "image/png")),
                route("/file", HTTPResponse(text: Self.long, type: "application/pdf")),
            ]),
            authenticator: nil,
            log: Log(service: "test", descriptor: -1),
            metrics: Metrics()
        )
    }

    private func get(_ path: String, _ headers: HTTPHeaders = [:]) async -> HTTPResponse {
        await responder().respond(to: HTTPRequest(method: "GET", target: path, headers: headers))
    }

    @Test(arguments: [
        ("gzip", true), ("x-gzip", true), ("GZIP", true), ("deflate, gzip;q=0.5", true), ("*", true),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", true), ("gzip;q=0.5, identity;q=0.5", true), ("gzip ; q=0.001", true),
        ("", false), ("identity", false), ("gzip;q=0", false), ("gzip;q=0.0, *", false), ("deflate, br", false),
        ("*;q=0", false), ("gzip;q=0.4, identity;q=0.5", false), ("gzipped", false), ("gzip;q=nan", true),
        ("gzip;q=inf", true),
        ("gzip;q=-inf", false), ("gzip;q=", true), (";;q=1,,=", false),
    ])
    func `a long answer is packed for who takes gzip`(accept: String, isPacked: Bool) async throws {
        let response = await get("/long", ["Accept-Encoding": accept])
        #expect(response.headers["Content-Encoding"] == (isPacked ? "gzip" : nil))
        #expect(response.headers["Vary"] == "Accept-Encoding")
        let body = isPacked ? try Inflation.unpack(response.body, .gzip, upTo: 1 << 20) : response.body
        #expect(String(decoding: body, as: UTF8.self) == "{\"success\":true,\"data\":\(Self.long)}")
        #expect(!isPacked || response.body.count < 200)
    }

    @Test func `who says nothing of encodings gets none`() async {
        #expect(await get("/long").headers["Content-Encoding"] == nil)
    }

    @Test(arguments: [
        ("/long", true), ("/text", true), ("/short", false), ("/secret", false), ("/stream", false),
        ("/picture", false), ("/file", false), ("/nothing", false),
    ])
    func `what is short, secret, a stream or packed already is left as it is`(path: String, isPacked: Bool) async {
        let response = await get(path, ["Accept-Encoding": "gzip"])
        #expect((response.headers["Content-Encoding"] != nil) == isPacked)
        #expect((response.headers["Vary"]?.contains("Accept-Encoding") ?? false) == isPacked)
    }

    @Test(arguments: [
        ("application/problem+json", true), ("application/json, application/problem+json", true),
        ("application/problem+json;q=0.9, application/json;q=0.8", true), ("Application/Problem+JSON", true),
        ("text/html, application/problem+json;q=0.2", true), ("application/problem+json;charset=utf-8;q=0.7", true),
        ("application/json;q=0.5;x=\"a\", application/problem+json;q=0.5", true),
        ("", false), ("*/*", false), ("application/*", false), ("application/json", false),
        ("application/problem+json;q=0", false), ("application/problem+json;q=0.4, application/json", false),
        ("application/problem+json;q=0.1, */*", false), ("text/html", false), ("application/problem+xml", false),
        ("nonsense;;;q=,", false),
    ])
    func `a failure is a problem for who prefers that, and in the envelope for all others`(
        accept: String,
        isProblem: Bool
    ) async throws {
        let response = await get("/nothing?x=1", ["Accept": accept, "X-Correlation-ID": "order:7"])
        #expect(response.status == 404)
        #expect(
            response.headers["Content-Type"]
                == (isProblem ? "application/problem+json" : "application/json; charset=utf-8")
        )
        #expect(response.headers["Vary"]?.contains("Accept") == true)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
        #expect(object["correlationId"] as? String == "order:7")
        #expect((object["error"] == nil) == isProblem)
        guard isProblem else { return }
        #expect(object["type"] as? String == "urn:problem-type:flotilla:not_found")
        #expect(object["title"] as? String == "Not found")
        #expect(object["status"] as? Int == 404)
        #expect(object["detail"] as? String == "There is no such path.")
        #expect(object["instance"] as? String == "/nothing")
        #expect(object["code"] as? String == "not_found")
        #expect((object["errors"] as? [Any])?.isEmpty == true)
    }

    @Test func `a problem names each mistake, and keeps the header fields of the failure`() throws {
        let request = HTTPRequest(method: "GET", target: "/", headers: ["Accept": "application/problem+json"])
        var error = APIError.invalid([.init(field: "name", message: "is too long")])
        error.retryAfter = 3
        let response = Envelope.failure(error, correlationID: "c", to: request)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
        #expect(object["errors"] as? [[String: String]] == [["field": "name", "message": "is too long"]])
        #expect(response.headers["Retry-After"] == "3")
    }

    @Test func `whatever is accepted, it is answered`() async {
        let response = await get(
            "/short",
            ["Accept": "image/png;q=1, */*;q=0", "Accept-Encoding": "identity;q=0, *;q=0"]
        )
        #expect(response.status == 200)
    }

    @Test func `every answer has the header fields of security, and HSTS only where a trusted proxy speaks TLS`() async
    {
        for path in ["/short", "/nothing"] {
            var request = HTTPRequest(method: "GET", target: path)
            for isEncrypted in [false, true] {
                request.isEncrypted = isEncrypted
                let headers = await responder().respond(to: request).headers
                #expect(headers["X-Content-Type-Options"] == "nosniff")
                #expect(headers["Cache-Control"] == "no-store")
                #expect(headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'")
                #expect(headers["Referrer-Policy"] == "no-referrer")
                #expect((headers["Strict-Transport-Security"] == "max-age=31536000") == isEncrypted)
            }
        }
    }
}

struct ForwardedOriginTests {
    private static let proxies = ["10.0.0.0/8", "192.0.2.1"].compactMap { AddressRange($0) }

    private func origin(_ peer: String, _ headers: HTTPHeaders) -> ForwardedOrigin {
        ForwardedOrigin(peer: NetworkAddress(peer), headers: headers, proxies: Self.proxies)
    }

    @Test(arguments: [
        // The client itself says who it is: nobody believes it.
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.1.1.1", "198.51.100.1", "198.51.100.1"),
        // What a client has put there before the proxy appended its address.
        ("10.1.1.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "6.6.6.6,198.51.100.1 , 10.2.2.2,192.0.2.1", "198.51.100.1"),
        ("10.1.1.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.1.1.1", "2001:db8::5", "2001:db8::5"), ("10.1.1.1", "[2001:db8::5]:99", "2001:db8::5"),
        ("10.1.1.1", "nonsense", "10.1.1.1"), ("10.1.1.1", "198.51.100.1, unknown", "10.1.1.1"),
        ("10.1.1.1", "", "10.1.1.1"), ("10.1.1.1", "10.2.2.2", "10.2.2.2"),
    ])
    func `the client is the last one whom a trusted proxy names`(peer: String, named: String, client: String) {
        #expect(origin(peer, ["X-Forwarded-For": named]).address?.description == client)
    }

    @Test func `several fields are one list, and the last one counts`() {
        let headers: HTTPHeaders = ["X-Forwarded-For": "6.6.6.6", "x-forwarded-for": "198.51.100.1"]
        #expect(origin("10.1.1.1", headers).address?.description == "198.51.100.1")
    }

    @Test(arguments: [
        ("10.1.1.1", "https", true), ("10.1.1.1", "HTTPS", true), ("10.1.1.1", "http", false),
        ("10.1.1.1", "https, http", false), ("203.0.113.5", "https", false),
    ])
    func `encryption is believed of trusted proxies alone`(peer: String, scheme: String, isEncrypted: Bool) {
        #expect(origin(peer, ["X-Forwarded-Proto": scheme]).isEncrypted == isEncrypted)
    }
}
