import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaIdentity
import FlotillaNotifications
import FlotillaPlatform
import FlotillaTestSupport
import FlotillaTickets
import Testing

extension APITraceTests {
    private static let message = #"{"to":"ann@example.com","template":"message","data":{"title":"T","body":"B"}}"#
    private static let text = #"{"to":"+33612345678","template":"message","data":{"title":"T","body":"B"}}"#
    private static let scan = #"{"qrCodeData":"forged","eventId":456,"operatorId":1,"location":"gate"}"#

    /// The route, and the event that its row is of.
    private static let domains = [
        ("/api/v1/notifications/email", "/api/v1/notifications/email", message, "notification.requested"),
        ("/api/notifications/sms", "/api/notifications/sms", text, "notification.requested"),
        ("/api/v1/scans/validate", "/api/v1/scans/validate", scan, "scan.rejected"),
        ("/api/v1/tickets/TKT-789/cancel", "/api/v1/tickets/{code}/cancel", "{}", "ticket.cancelled"),
    ]

    @Test func `the rows of notifications, scans and cancellations name key, route and address`() async throws {
        try await ScanFixture.with { fixture in
            _ = try await fixture.ticket("789")
            let scanner = TicketScanner(
                fixture.pool,
                keyring: TicketKeyring(fixture.keys, freshness: .zero),
                topology: APIFixture.topology,
                rules: ScanRules()
            )
            try await APIFixture.with(
                fixture.pool,
                notifications: try NotificationFixture.texts(),
                scanner: scanner,
                scopes: [.send, .scan, .operate],
                seal: try Self.seal()
            ) { api in
                for (path, route, body, event) in Self.domains {
                    let answer = try await api.call("POST", path, body)
                    #expect((200...201).contains(answer.status), "\(path): \(answer.body)")
                    try await relay(api.pool)
                    let row = try #require(try await rows(api.pool).last { $0.event == event }, "\(path)")
                    #expect(row.by == "key:\(api.key.id)" && row.route == "POST \(route)", "\(path)")
                    #expect(row.address == "127.0.0.1" && row.isRecent, "\(path)")
                }
            }
        }
    }

    @Test(.enabled(if: TestRedis.isAvailable))
    func `who revokes a token is in the log, with what was revoked`() async throws {
        try await TestRedis.with { redis, word in
            try await TestDatabase.with(migrated: true) { database in
                try await APIFixture.with(
                    database.pool,
                    scopes: [.operate],
                    seal: try Self.seal(),
                    revocations: Revocations(redis, longestLife: .seconds(60))
                ) { api in
                    let body = #"{"jti":"\#(word)","exp":4000000000}"#
                    #expect(try await api.call("POST", "/api/v1/tokens/revoke", body).status == 200)
                    try await relay(api.pool)
                    let row = try #require(try await rows(api.pool).last)
                    #expect(row.event == "operator.acted" && row.by == "key:\(api.key.id)")
                    #expect(row.route == "POST /api/v1/tokens/revoke" && row.address == "127.0.0.1")
                    let found = try await database.count(
                        """
                        SELECT count(*) FROM audit_logs WHERE subject = '\(word)' AND actor = 'key:\(api.key.id)'
                            AND body LIKE '%"action":"token.revoke"%'
                        """
                    )
                    #expect(found == 1)
                }
            }
        }
    }
}
