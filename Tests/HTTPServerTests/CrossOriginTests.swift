@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import FlotillaTelemetry
import Testing

struct CrossOriginTests {
    private static let page = "https://app.example.com"
    private static let secret = APIKey()

    private func responder(_ origins: [String]?) throws -> Responder {
        let handler: Route.Handler = { _ in Envelope.success("1") }
        let fields: Fields = [Field.optional("If-Sent", .string(), "A field.")]
        return Responder(
            router: Router([
                Route("GET", "/things", access: .scope(.read), summary: "", answers: [], handler: handler),
                Route("POST", "/things", access: .open, summary: "", headers: fields, answers: [], handler: handler),
            ]),
            authenticator: Authenticator { _ in nil },
            origins: try origins.map { try #require(CrossOriginPolicy($0)) },
            log: Log(service: "test", descriptor: -1),
            metrics: Metrics()
        )
    }

    private func preflight(_ origin: String, _ path: String = "/things") -> HTTPRequest {
        let headers: HTTPHeaders = ["Origin": origin, "Access-Control-Request-Method": "POST"]
        return HTTPRequest(method: "OPTIONS", target: path, headers: headers)
    }

    private func names(_ response: HTTPResponse) -> [String] {
        response.headers.fields.map(\.name).filter { $0.hasPrefix("Access-Control-") }.sorted()
    }

    @Test func `a preflight of a listed origin is 204 with the methods of the path, and needs no key`() async throws {
        let response = try await responder([Self.page, "http://localhost:3000"]).respond(to: preflight(Self.page))
        #expect(response.status == 204)
        #expect(response.body.isEmpty)
        #expect(response.headers["Access-Control-Allow-Origin"] == Self.page)
        #expect(response.headers["Access-Control-Allow-Credentials"] == "true")
        #expect(response.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST")
        let allowed = try #require(response.headers["Access-Control-Allow-Headers"])
        for field in ["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "If-Sent"] {
            #expect(allowed.split(separator: ", ").contains { $0 == field }, "\(field)")
        }
        #expect(response.headers["Access-Control-Max-Age"] == "600")
        #expect(response.headers["Vary"] == "Origin")
    }

    @Test(arguments: [
        "https://evil.example.com", "http://app.example.com", "https://app.example.com:8443",
        "https://app.example.com.",
        "https://app.example.com.evil.net", "https://APP.example.com", "null", "*", "https://app.example.com/",
    ])
    func `no other origin gets a header of CORS`(origin: String) async throws {
        let api = try responder([Self.page])
        let refused = await api.respond(to: preflight(origin))
        #expect(refused.status == 403)
        #expect(names(refused).isEmpty)
        #expect(refused.headers["Vary"]?.contains("Origin") == true)
        let post = HTTPRequest(method: "POST", target: "/things", headers: ["Origin": origin])
        let answer = await api.respond(to: post)
        #expect(answer.status == 200)
        #expect(names(answer).isEmpty)
    }

    @Test func `two origins in a request are none`() async throws {
        let headers: HTTPHeaders = ["Origin": Self.page, "origin": Self.page]
        let response = try await responder([Self.page])
            .respond(to: HTTPRequest(method: "POST", target: "/things", headers: headers))
        #expect(names(response).isEmpty)
    }

    @Test func `answers and failures tell a listed origin what its page may see`() async throws {
        let api = try responder([Self.page])
        for (method, status) in [("POST", 200), ("GET", 401), ("PUT", 405), ("OPTIONS", 405)] {
            let request = HTTPRequest(method: method, target: "/things", headers: ["Origin": Self.page])
            let response = await api.respond(to: request)
            #expect(response.status == status)
            #expect(response.headers["Access-Control-Allow-Origin"] == Self.page)
            #expect(
                response.headers["Access-Control-Expose-Headers"]
                    == "Location, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, X-Correlation-ID"
            )
        }
        // What the server itself refuses is for the page as well.
        let request = HTTPRequest(method: "POST", target: "/things", headers: ["Origin": Self.page])
        #expect(api.refuse(.bodyTooLarge(limit: 1), request).headers["Access-Control-Allow-Origin"] == Self.page)
    }

    @Test func `the asterisk is for every origin, and never with credentials`() async throws {
        let api = try responder(["*"])
        let response = await api.respond(to: preflight("https://anything.example"))
        #expect(response.status == 204)
        #expect(response.headers["Access-Control-Allow-Origin"] == "*")
        #expect(response.headers["Access-Control-Allow-Credentials"] == nil)
    }

    @Test func `without a list there is no CORS`() async throws {
        let response = try await responder(nil).respond(to: preflight(Self.page))
        #expect(response.status == 405)
        #expect(response.headers["Allow"] == "GET, HEAD, POST")
        #expect(names(response).isEmpty)
        #expect(response.headers["Vary"] == "Accept")
    }

    @Test func `a preflight of a path that is none is 404`() async throws {
        #expect(try await responder([Self.page]).respond(to: preflight(Self.page, "/nothing")).status == 404)
    }

    @Test(
        arguments: [
            [], [""], ["*", "https://a.example"], ["https://*.example.com"], ["https://a.example/"], ["a.example"],
            ["https://"], ["null"], ["https://A.example"], ["https://a.example?x"], ["https://u@a.example"],
        ]
    )
    func `anything else is no list of origins`(origins: [String]) { #expect(CrossOriginPolicy(origins) == nil) }
}
