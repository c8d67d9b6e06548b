@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import Testing

struct RouterTests {
    private let router = Router(
        ["GET /jobs", "POST /jobs", "GET /jobs/{id}", "POST /jobs/batch", "GET /jobs/{id}/events"].map { text in
            let parts = text.split(separator: " ").map(String.init)
            return Route(parts[0], parts[1], access: .open, summary: text, answers: []) { _ in
                HTTPResponse(status: 200)
            }
        }
    )

    private func found(_ method: String, _ path: String) -> String {
        switch router.match(method, path) {
        case .route(let route, let parameters):
            "\(route.summary) \(parameters.sorted { $0.key < $1.key }.map(\.value).joined(separator: ","))"
        case .wrongMethod(let allowed): allowed.joined(separator: " ")
        case .notFound: "nothing"
        }
    }

    @Test(arguments: [
        ("GET", "/jobs", "GET /jobs "),
        ("HEAD", "/jobs", "GET /jobs "),
        ("GET", "/jobs/12", "GET /jobs/{id} 12"),
        ("GET", "/jobs/a%2Fb", "GET /jobs/{id} a/b"),
        ("POST", "/jobs/batch", "POST /jobs/batch "),
        ("GET", "/jobs/batch", "POST"),
        ("DELETE", "/jobs/7", "GET HEAD"),
        ("GET", "/jobs/7/events", "GET /jobs/{id}/events 7"),
        ("DELETE", "/jobs", "GET HEAD POST"),
        ("GET", "/jobs/", "nothing"),
        ("GET", "/jobs/%ff", "nothing"),
        ("GET", "/jobs/%00", "nothing"),
        ("GET", "/Jobs", "nothing"),
        ("GET", "/", "nothing"),
    ])
    func `paths find their routes`(method: String, path: String, route: String) {
        #expect(found(method, path) == route)
    }

    @Test func `a target is split into path and query, and a whole URL is taken for its path`() {
        let plain = HTTPRequest(method: "GET", target: "/jobs?state=dead&q=a%20b")
        #expect(plain.path == "/jobs" && plain.query == "state=dead&q=a%20b")
        let whole = HTTPRequest(method: "GET", target: "http://host:80/jobs?x")
        #expect(whole.path == "/jobs" && whole.query == "x")
        #expect(HTTPRequest(method: "GET", target: "http://host").path == "/")
    }
}
