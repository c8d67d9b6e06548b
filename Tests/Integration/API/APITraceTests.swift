@testable import FlotillaAudit
import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

/// The audit log knows who it was: what a request makes is traced to its key, route and address, under the hash.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct APITraceTests {
    static func seal() throws -> ReceivedSeal {
        ReceivedSeal(try MasterKeyring { try MasterKeys(AuditWorkerTests.masters) })
    }

    private static let tickets =
        #"{"event_id":1,"tickets":[{"ticket_id":1,"guest_name":"A"}],"#
        + #""template_data":{"event_title":"T"}}"#

    /// What the routes that publish take; `by` is what a body can say of its sender.
    private static let requests = [
        (
            "POST", "/api/v1/events", "/api/v1/events",
            #"{"type":"payment.succeeded","id":"pay-7","data":{"service":"flotilla","actor":"admin","receivedBy":"x"}}"#
        ),
        ("POST", "/api/v1/jobs", "/api/v1/jobs", #"{"type":"audit.write","payload":{"received_by":"key:forged"}}"#),
        ("POST", "/api/v1/tickets/generate", "/api/v1/tickets/generate", tickets),
        ("POST", "/api/tickets/generate", "/api/tickets/generate", tickets),
        ("POST", "/api/v1/search", "/api/v1/search", #"{"companyId":"c-1"}"#),
    ]

    struct Row {
        let event, messageID: String
        let by, route, address, id: String?
        let isRecent: Bool
    }

    func rows(_ pool: PostgresPool) async throws -> [Row] {
        let sql = """
            SELECT event, message_id, received_by, received_route, received_address, received_id,
                coalesce(received_at BETWEEN now() - interval '1 minute' AND now() + interval '1 second', false)
            FROM audit_logs ORDER BY recorded_at, lane, sequence
            """
        return try await pool.query(SQLStatement(sql)).map {
            Row(
                event: $0.text(0) ?? "",
                messageID: $0.text(1) ?? "",
                by: $0.text(2),
                route: $0.text(3),
                address: $0.text(4),
                id: $0.text(5),
                isRecent: $0.bool(6) == true
            )
        }
    }

    /// Has the audit worker take all that waits in the outbox, as the relay and the broker would bring it.
    func relay(
        _ pool: PostgresPool,
        changing change: (inout HandlerHarness.Input) -> Void = { _ in }
    ) async throws {
        let result = try await pool.query(
            SQLStatement(
                """
                SELECT id, exchange, routing_key, properties, headers, body, job_id, attempts FROM outbox ORDER BY id
                """
            )
        )
        for row in Outbox.claimed(result) {
            let outgoing = try row.message.get()
            let message = outgoing.message
            var input = HandlerHarness.Input(
                id: message.properties.messageID ?? "",
                event: message.properties.type ?? outgoing.routingKey,
                body: String(decoding: message.body, as: UTF8.self),
                correlationID: message.properties.correlationID,
                headers: message.headers,
                exchange: outgoing.exchange,
                routingKey: outgoing.routingKey,
                type: message.properties.type,
                contentType: message.properties.contentType
            )
            change(&input)
            #expect(try await AuditWorkerTests.harness(pool).handle([input]).areDone)
        }
        _ = try await pool.query(SQLStatement("DELETE FROM outbox"))
    }

    private func withAPI(_ body: (APIFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(
                database.pool,
                scopes: [.read, .enqueue, .operate, .view],
                seal: try Self.seal(),
                body
            )
        }
    }

    @Test func `the row of each accepted request names its key, route and address`() async throws {
        try await withAPI { api in
            for (method, path, route, body) in Self.requests {
                let answer = try await api.call(
                    method,
                    path,
                    body.isEmpty ? nil : body,
                    headers: [
                        "received-by": "key:forged", "X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9",
                    ]
                )
                #expect((200...202).contains(answer.status), "\(path): \(answer.body)")
                try await relay(api.pool)
                let row = try #require(try await rows(api.pool).last, "\(path)")
                #expect(row.by == "key:\(api.key.id)" && row.route == "\(method) \(route)", "\(path)")
                #expect(row.address == "127.0.0.1" && row.isRecent, "\(path)")
            }
            let first = try #require(try await rows(api.pool).first)
            #expect(first.id == "pay-7" && first.messageID == "key:\(api.key.id)/pay-7")
            #expect(try await AuditVerification(api.pool).run().isIntact)
        }
    }

    @Test func `a forged header, a changed body and another's seal name nobody`() async throws {
        try await withAPI { api in
            let forgeries: [(inout HandlerHarness.Input) -> Void] = [
                { $0.headers[FleetHeader.receivedBy] = .string("key:forged") },
                { $0.headers[FleetHeader.receivedAddress] = .string("203.0.113.9") },
                { $0.body = #"{"companyId":"mine"}"# },
                { $0.id += "-2" },
                { $0.routingKey = "token.purchased" },
                { $0.type = "token.purchased" },
                { $0.contentType = "application/cloudevents+json" },
                { $0.correlationID = "another" },
                { $0.headers["cloudEvents:type"] = .string("token.purchased") },
                { $0.headers[FleetHeader.receivedSeal] = nil },
            ]
            for (number, forge) in forgeries.enumerated() {
                let event = #"{"type":"payment.succeeded","id":"pay-\#(number)","data":{"companyId":"c"}}"#
                #expect(try await api.call("POST", "/api/v1/events", event).status == 202)
                try await relay(api.pool, changing: forge)
                let row = try #require(try await rows(api.pool).last)
                #expect(row.by == nil && row.route == nil && row.address == nil && row.id == nil, "forgery \(number)")
            }
            // What came over AMQP is traced to the user whom the broker has checked.
            let amqp = HandlerHarness.Input(
                id: "amqp",
                event: "payment.succeeded",
                body: "{}",
                headers: [FleetHeader.receivedBy: .string("key:forged")],
                userID: "shop"
            )
            #expect(try await AuditWorkerTests.harness(api.pool).handle([amqp]).areDone)
            #expect(try await rows(api.pool).last?.by == "user:shop")
            // What the fleet has sent again has the fleet's user, who has not handed it in.
            var again = amqp
            again.id = "again"
            again.userID = "fleet"
            again.headers[FleetHeader.originQueue] = .string("audit.all")
            #expect(try await AuditWorkerTests.harness(api.pool).handle([again]).areDone)
            let row = try #require(try await rows(api.pool).last)
            #expect(row.messageID == "again" && row.by == nil)
        }
    }

    @Test func `the log shows and finds who it was`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let log = AuditLog(database.pool, privacy: try AuditWorkerTests.privacy(database.pool))
            try await APIFixture.with(
                database.pool,
                audit: log,
                scopes: [.enqueue, .operate],
                seal: try Self.seal()
            ) { api in
                let event = #"{"type":"payment.succeeded","id":"pay-7","data":{"companyId":"c"}}"#
                #expect(try await api.call("POST", "/api/v1/events", event).status == 202)
                try await relay(database.pool)
                for query in ["receivedBy=key:\(api.key.id)", "receivedId=pay-7"] {
                    let page = try await api.call("GET", "/api/v1/audit?\(query)").data()
                    let items = try #require(page["items"] as? [[String: Any]])
                    let received = try #require(items.first?["received"] as? [String: String])
                    #expect(items.count == 1 && received["by"] == "key:\(api.key.id)" && received["id"] == "pay-7")
                    #expect(received["route"] == "POST /api/v1/events" && received["address"] == "127.0.0.1")
                }
                let none = try await api.call("GET", "/api/v1/audit?receivedBy=key:000000000000").data()
                #expect((none["items"] as? [Any])?.isEmpty == true)
                var filter = AuditFilter()
                filter.receivedBy = "key:\(api.key.id)"
                let entries = try await log.page(filter, reveals: false).entries
                let json = try #require(entries.first.map { ReportRow($0).json })
                #expect(
                    json.contains(#""receivedRoute":"POST /api/v1/events""#) && json.contains(#""receivedId":"pay-7""#)
                )
            }
        }
    }

    @Test func `what is not reported yet when the API stops is reported then, and used keys are noted`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            var key = ""
            try await APIFixture.with(database.pool, scopes: [.read], seal: try Self.seal()) { api async throws in
                key = api.key.id
                for _ in 0..<5 {
                    let refused = try await api.call("POST", "/api/v1/jobs", "{}")
                    #expect(refused.status == 403)
                }
            }
            let rows = try await database.pool.query(
                SQLStatement("SELECT convert_from(body, 'UTF8')::jsonb ->> 'count' FROM outbox")
            )
            #expect(rows.compactMap { $0.text(0).flatMap { Int($0) } }.reduce(0, +) == 5)
            let used = try await database.pool.query(
                SQLStatement("SELECT last_used_at IS NOT NULL FROM api_keys WHERE id = $1", [.text(key)])
            )
            #expect(used.first?.bool(0) == true)
        }
    }

    @Test func `of more callers than can be told apart the report names nobody`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await APIFixture.with(database.pool, scopes: [.read], seal: try Self.seal()) { api async throws in
                for number in 0..<300 {
                    let address = "127.0.\(number / 200).\(number % 200 + 1)"
                    #expect(
                        try await api.call("GET", "/api/v1/jobs", key: APIKey().revealed, from: address).status == 401
                    )
                }
            }
            try await relay(database.pool)
            let rows = try await rows(database.pool)
            let many = rows.filter { $0.route == nil }
            #expect(!many.isEmpty && rows.count < 300)
            #expect(many.allSatisfy { $0.by == "anonymous" && $0.address == nil })
        }
    }

    @Test func `refusals become rows: the first at once, and a flood of them one more`() async throws {
        try await withAPI { api in
            let reader = try await APIKeys(api.pool).create(name: "reader", scopes: [.read])
            for _ in 0..<30 {
                let refused = try await api.call("POST", "/api/v1/jobs", "{}", key: reader.revealed)
                #expect(refused.status == 403)
                #expect(try await api.call("GET", "/api/v1/jobs", key: APIKey().revealed).status == 401)
            }
            try await eventually("both refusals are reported") {
                try await api.pool.query(SQLStatement("SELECT count(*) FROM outbox")).first?.int(0) == 2
            }
            try await relay(api.pool)
            let rows = try await rows(api.pool).sorted { ($0.by ?? "") < ($1.by ?? "") }
            #expect(rows.map(\.event) == ["request.denied", "request.denied"])
            #expect(rows.map(\.by) == ["anonymous", "key:\(reader.id)"])
            #expect(rows.map(\.route) == ["GET /api/v1/jobs", "POST /api/v1/jobs"])
            #expect(rows.map(\.address) == ["127.0.0.1", "127.0.0.1"])
        }
    }
}
