@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import FlotillaTelemetry
import Foundation
import Synchronization
import Testing

struct ResponderTests {
    private struct Broken: Error, CustomStringConvertible { let description = "secret inside" }

    private static let key = APIKey()
    private static let body: Fields = [Field.required("name", .string(), "A name.")]

    private func responder(scopes: Set<Scope> = [.enqueue], isRevoked: Bool = false) -> Responder {
        let route = { (path: String, access: Route.Access, body: Fields?, handler: @escaping Route.Handler) in
            Route("POST", path, access: access, summary: "", body: body, answers: [.of(200, "")], handler: handler)
        }
        let record = APIKeyRecord(
            id: Self.key.id,
            name: "tests",
            secretHash: Self.key.digest,
            scopes: scopes,
            createdAt: 0,
            expiresAt: nil,
            revokedAt: isRevoked ? 1 : nil
        )
        return Responder(
            router: Router([
                route("/things", .scope(.enqueue), Self.body) { call in
                    Envelope.success("{\"by\":\"\(call.principal?.name ?? "")\"}")
                },
                route("/either", .anyOf([.read, .enqueue]), nil) { _ in Envelope.success("1") },
                route("/open", .open, nil) { _ in Envelope.success("1") },
                route("/broken", .open, nil) { _ in throw Broken() },
            ]),
            authenticator: Authenticator { id in id == record.id ? record : nil },
            log: Log(service: "test", threshold: .error, descriptor: -1),
            metrics: Metrics()
        )
    }

    private func post(
        _ path: String,
        _ headers: HTTPHeaders = [:],
        _ body: String = "{\"name\":\"a\"}"
    ) -> HTTPRequest {
        HTTPRequest(method: "POST", target: path, headers: headers, body: Array(body.utf8))
    }

    private func object(_ response: HTTPResponse) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
    }

    @Test func `success has data, a failure has code, message, details and correlation id`() async throws {
        let api = responder()
        let good = await api.respond(to: post("/things", ["authorization": "bearer \(Self.key.revealed)"]))
        #expect(good.status == 200)
        #expect(String(decoding: good.body, as: UTF8.self) == #"{"success":true,"data":{"by":"tests"}}"#)
        let bad = await api.respond(
            to: post("/things", ["X-API-Key": Self.key.revealed, "X-Correlation-ID": "order:7"], "{\"nam\":1}")
        )
        let failure = try object(bad)
        #expect(bad.status == 422)
        #expect(failure["success"] as? Bool == false)
        #expect(failure["correlationId"] as? String == "order:7")
        #expect(bad.headers["x-correlation-id"] == "order:7")
        let error = try #require(failure["error"] as? [String: Any])
        #expect(error["code"] as? String == "validation_failed")
        #expect((error["details"] as? [[String: String]])?.compactMap { $0["field"] } == ["nam", "name"])
        #expect(bad.headers["X-Content-Type-Options"] == "nosniff")
    }

    @Test(
        arguments: [
            [:], ["Authorization": "Bearer"], ["Authorization": "Basic YTpi"], ["Authorization": "Bearer nonsense"],
            ["X-API-Key": APIKey().revealed], ["X-API-Key": ResponderTests.key.revealed.dropLast() + "x"],
        ] as [HTTPHeaders]
    )
    func `without a valid key it is 401`(headers: HTTPHeaders) async {
        let response = await responder().respond(to: post("/things", headers))
        #expect(response.status == 401)
        #expect(response.headers["WWW-Authenticate"] != nil)
    }

    @Test func `a key with another secret, or revoked, is not valid`() async throws {
        let stolen = "flk_\(Self.key.id)_" + String(repeating: "0", count: 64)
        #expect(await responder().respond(to: post("/things", ["X-API-Key": stolen])).status == 401)
        let revoked = await responder(isRevoked: true)
            .respond(to: post("/things", ["X-API-Key": Self.key.revealed]))
        #expect(revoked.status == 401)
    }

    @Test func `a key without the scope is 403, and admin has every scope`() async {
        let headers: HTTPHeaders = ["X-API-Key": Self.key.revealed]
        #expect(await responder(scopes: [.read]).respond(to: post("/things", headers)).status == 403)
        #expect(await responder(scopes: [.admin]).respond(to: post("/things", headers)).status == 200)
    }

    @Test(arguments: [(Scope.read, 200), (.enqueue, 200), (.admin, 200), (.scan, 403), (.readPersonal, 403)])
    func `of several scopes one is enough, and no scope stands for another`(scope: Scope, status: Int) async {
        let request = post("/either", ["X-API-Key": Self.key.revealed])
        #expect(await responder(scopes: [scope]).respond(to: request).status == status)
    }

    @Test func `an unexpected error is 500 and tells nothing of itself`() async throws {
        let response = await responder().respond(to: post("/broken"))
        #expect(response.status == 500)
        #expect(!String(decoding: response.body, as: UTF8.self).contains("secret"))
    }

    @Test func `no such path is 404, another method is 405 with Allow`() async {
        #expect(await responder().respond(to: post("/nothing")).status == 404)
        let response = await responder().respond(to: HTTPRequest(method: "PUT", target: "/open"))
        #expect(response.status == 405)
        #expect(response.headers["Allow"] == "POST")
    }

    @Test(arguments: ["a b", "a\r\nSet-Cookie: x", "", String(repeating: "x", count: 129), "é"])
    func `a correlation id that could do harm is replaced`(given: String) async {
        let response = await responder().respond(to: post("/open", ["X-Correlation-ID": given]))
        #expect(response.headers["X-Correlation-ID"]?.isUUID == true)
    }

    @Test func `a key is looked up once for many requests at once`() async {
        let lookups = Atomic<Int>(0)
        let record = APIKeyRecord(
            id: Self.key.id,
            name: "",
            secretHash: Self.key.digest,
            scopes: [],
            createdAt: 0
        )
        let authenticator = Authenticator { _ in
            lookups.add(1, ordering: .relaxed)
            await Task.yield()
            return record
        }
        let request = post("/", ["X-API-Key": Self.key.revealed])
        await withTaskGroup { group in
            for _ in 0..<100 { group.addTask { _ = try? await authenticator.authenticate(request) } }
        }
        #expect(lookups.load(ordering: .relaxed) == 1)
    }
}

struct APIKeyTests {
    @Test func `a key reads back from what is shown, and prints without its secret`() throws {
        let key = APIKey()
        #expect(key.revealed.hasPrefix("flk_\(key.id)_"))
        #expect(APIKey(key.revealed) == key)
        #expect("\(key)" == "flk_\(key.id)_…")
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains(key.revealed.suffix(64)))
    }

    @Test(arguments: [
        "", "flk_", "flk_0123456789ab_", "flk__" + String(repeating: "0", count: 76),
        "flk_0123456789AB_" + String(repeating: "0", count: 64),
        "xxx_0123456789ab_" + String(repeating: "0", count: 64),
    ])
    func `anything else is no key`(text: String) { #expect(APIKey(text) == nil) }
}
