@testable import flotilla
import FlotillaHTTPRouting
import Foundation
import Testing

struct AccessDocumentTests {
    @Test func `the page on access says what the routes and the domains say`() throws {
        if ProcessInfo.processInfo.environment["FLOTILLA_WRITE_DOCS"] != nil { try AccessDocument.write() }
        let generated = try AccessDocument.generated()
        #expect(try AccessDocument.written() == generated)
    }

    /// What a caller of each path finds has to be the same, with and without the version.
    @Test func `paths of older callers need the scopes of the present ones`() throws {
        let routes = try AccessDocument.routes()
        let present = Dictionary(
            uniqueKeysWithValues: routes.map { ("\($0.method) \($0.path.text)", $0.access) }
        )
        for route in routes where route.path.text.hasPrefix("/api/") && !route.path.text.hasPrefix("/api/v1/") {
            let name = "\(route.method) /api/v1" + route.path.text.dropFirst("/api".count)
            #expect(present[name] == route.access, "\(name)")
        }
    }

    @Test func `only health, tickets with their proof and unsubscribing are open`() throws {
        let open = try AccessDocument.routes().filter { $0.access == .open }.map { "\($0.method) \($0.path.text)" }
        #expect(
            Set(open) == [
                "GET /health", "GET /health/live", "GET /health/ready", "GET /tickets/{file}",
                "GET /api/v1/notifications/unsubscribe", "POST /api/v1/notifications/unsubscribe",
            ]
        )
    }

    @Test func `a GET takes no body, so that none is meant to change anything`() throws {
        for route in try AccessDocument.routes() where route.method == "GET" {
            #expect(route.body == nil, "\(route.path.text)")
            #expect(!route.access.scopes.contains { [.view, .edit, .send, .scan].contains($0) }, "\(route.path.text)")
        }
    }
}
