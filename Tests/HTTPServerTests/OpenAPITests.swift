@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import Foundation
import Testing

struct OpenAPITests {
    @Test func `every route is described with what it takes and answers`() throws {
        let name = Field.required("name", .string(length: 1...10), "A \"name\".")
        let state = Field.optional("state", .choice(["a", "b"]), "A state.")
        let routes = [
            Route(
                "POST",
                "/api/v1/things/{id}",
                access: .scope(.operate),
                summary: "Do it.",
                body: [name],
                query: [state],
                answers: [.of(202, "Done.", Schemas.liveness)]
            ) { _ in HTTPResponse(status: 202) },
            Route("GET", "/open", access: .open, summary: "See.", answers: [.of(200, "Seen.")]) { _ in
                HTTPResponse(status: 200)
            },
        ]
        let json = Data(OpenAPIDocument(routes).json.utf8)
        let document = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
        #expect(Set(paths.keys) == ["/api/v1/things/{id}", "/open"])
        let post = try #require(paths["/api/v1/things/{id}"]?["post"])
        #expect((post["parameters"] as? [[String: Any]])?.compactMap { $0["name"] as? String } == ["id", "state"])
        #expect(
            Set((post["responses"] as? [String: Any] ?? [:]).keys)
                == ["202", "400", "401", "403", "413", "415", "422", "503"]
        )
        #expect((paths["/open"]?["get"]?["security"] as? [Any])?.isEmpty == true)
    }
}

struct ReadinessTests {
    @Test func `a needed dependency that fails makes the process unavailable, another one only degraded`() async {
        struct Down: Error {}
        let up = HealthCheck("up", isNeeded: true) {}
        let extra = HealthCheck("extra", isNeeded: false) { throw Down() }
        let needed = HealthCheck("needed", isNeeded: true) { throw Down() }
        #expect(await Readiness([up]).report().status == .ready)
        #expect(await Readiness([up, extra]).report().status == .degraded)
        let report = await Readiness([needed, up]).report()
        #expect(report.status == .unavailable)
        #expect(report.dependencies.map(\.name) == ["needed", "up"])
    }

    @Test func `a dependency that never answers is down`() async {
        let stuck = HealthCheck("stuck", isNeeded: true) {
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        }
        #expect(await Readiness([stuck]).report().status == .unavailable)
    }
}
