import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct ScanHostilityTests {
    private func post(_ fixture: ScanFixture, _ body: String) async throws -> (status: Int, fields: [String]) {
        let response = try await fixture.api.call("POST", "/api/scans/validate", body)
        let error = try response.object()["error"] as? [String: Any]
        let details = error?["details"] as? [[String: Any]] ?? []
        return (response.status, details.compactMap { $0["field"] as? String })
    }

    @Test func `mistakes are named, all at once, and no scan is on record`() async throws {
        try await ScanFixture.with { fixture in
            let good = #""qrCodeData":"x","eventId":456,"operatorId":123,"location":"L""#
            let cases: [(body: String, status: Int, fields: [String])] = [
                ("{}", 422, ["qrCodeData", "eventId", "operatorId", "location"]),
                ("{\(good),\"extra\":1,\"valid\":true}", 422, ["extra", "valid"]),
                (
                    #"{"qrCodeData":7,"eventId":4.5,"operatorId":null,"location":["L"]}"#, 422,
                    ["qrCodeData", "eventId", "operatorId", "location"]
                ),
                (
                    #"{"qrCodeData":"x","eventId":1e3,"operatorId":{},"location":""}"#, 422,
                    ["eventId", "operatorId", "location"]
                ),
                (#"{"qrCodeData":"x","eventId":456,"operatorId":123,"location":"a\u0000b"}"#, 422, ["location"]),
                (#"{"qrCodeData":"x","eventId":"a\u0000b","operatorId":123,"location":"L"}"#, 422, ["eventId"]),
                (
                    #"{"qrCodeData":"x","eventId":99999999999999999999,"operatorId":123,"location":"L"}"#, 422,
                    ["eventId"]
                ),
                (
                    #"{"qrCodeData":"\#(String(repeating: "A", count: 1_000_000))","eventId":1,"operatorId":1,"location":"L"}"#,
                    422, ["qrCodeData"]
                ),
                (
                    #"{"qrCodeData":"\#(String(repeating: "A", count: 1_100_000))","eventId":1,"operatorId":1,"location":"L"}"#,
                    413, []
                ),
                ("{\(good)", 400, []), ("[]", 400, []), ("", 400, []),
                (#"{"qrCodeData":"\ud800","eventId":456,"operatorId":123,"location":"L"}"#, 422, ["qrCodeData"]),
            ]
            for (body, status, fields) in cases {
                let found = try await post(fixture, body)
                #expect(found.status == status && Set(found.fields) == Set(fields), "\(body.prefix(100)): \(found)")
            }
            let rows = try await fixture.strings("SELECT id FROM ticket_scans")
            #expect(rows == [])
        }
    }

    @Test func `a body that is not UTF-8 is refused`() async throws {
        try await ScanFixture.with { fixture in
            let client = try fixture.api.client()
            let body: [UInt8] =
                Array(#"{"qrCodeData":""#.utf8) + [0xff, 0xfe]
                + Array(#"","eventId":1,"operatorId":1,"location":"L"}"#.utf8)
            let head =
                "POST /api/v1/scans/validate HTTP/1.1\r\nHost: test\r\nX-API-Key: \(fixture.api.key.revealed)\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
            client.send(Array(head.utf8) + body)
            let response = try #require(await client.response())
            #expect(response.status == 400)
        }
    }

    @Test func `a code as long as a QR code can be is judged, and kept as its digest only`() async throws {
        try await ScanFixture.with { fixture in
            let scan = try await fixture.scan(String(repeating: "A", count: 7_089))
            #expect(scan.code == "not_a_ticket")
            let sizes = try await fixture.strings("SELECT octet_length(token_digest)::text FROM ticket_scans")
            #expect(sizes == ["32"])
        }
    }

    @Test func `without the scope nobody scans or cancels`() async throws {
        try await ScanFixture.with(scopes: [.read]) { fixture in
            let token = try await fixture.ticket("789")
            let scan = try await fixture.scan(token)
            #expect(scan.status == 403)
            let cancel = try await fixture.api.call("POST", "/api/v1/tickets/TKT-789/cancel", "{}")
            #expect(cancel.status == 403)
        }
    }
}
