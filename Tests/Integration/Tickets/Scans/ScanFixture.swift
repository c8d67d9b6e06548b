import FlotillaHTTPRouting
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import FlotillaTickets
import Foundation

/// The ticket scanner behind the real API, with keys of its own and tickets that were never rendered.
struct ScanFixture: Sendable {
    let api: APIFixture
    let pool: PostgresPool
    let keys: TicketKeys

    static func with(
        size: Int = 8,
        rules: ScanRules = ScanRules(),
        scopes: Set<Scope> = [.scan, .operate],
        _ body: (ScanFixture) async throws -> Void
    ) async throws {
        try await TestDatabase.with(size: size, migrated: true) { database in
            let master = MasterKeys.generate()
            let keys = TicketKeys(database.pool, masters: try MasterKeyring { try MasterKeys(master) })
            _ = try await keys.signer()
            let scanner = TicketScanner(
                database.pool,
                keyring: TicketKeyring(keys, freshness: .zero),
                topology: APIFixture.topology,
                rules: rules
            )
            try await APIFixture.with(database.pool, scanner: scanner, scopes: scopes) { api in
                try await body(ScanFixture(api: api, pool: database.pool, keys: keys))
            }
        }
    }

    /// Puts a ticket on record and gives its token.
    func ticket(
        _ id: String,
        event: String = "456",
        code: String? = nil,
        hasNumberIDs: Bool = true,
        expiresAt: UInt32? = nil
    ) async throws -> String {
        let signer = try await keys.signer()
        _ = try await pool.query(
            SQLStatement(
                """
                INSERT INTO ticket_generation_jobs (id, request_hash, event_id, total) VALUES ('job', '\\x00', '456', 1)
                ON CONFLICT DO NOTHING
                """
            )
        )
        _ = try await pool.query(
            SQLStatement(
                """
                INSERT INTO generated_tickets (ticket_id, event_id, has_number_ids, has_number_event_id, guest_id, job_id, ticket_code,
                    guest_name, type, template, event_title, key_id, qr_code_data, content_hash, file_path, file_url,
                    file_size, file_hash, issued_at, generated_at)
                VALUES ($1, $2, $3, $3, '31', 'job', $4, 'Ann Lee', 'standard', 'standard', 'Conference', $5, 'x', '\\x00',
                    '/x', 'http://x', 1, '\\x00', now(), now())
                """,
                [
                    .text(id), .text(event), .bool(hasNumberIDs), .text(code ?? "TKT-\(id)"),
                    .text(signer.key.description),
                ]
            )
        )
        return try await token(id, event: event, expiresAt: expiresAt)
    }

    /// The token of a ticket that need not be on record.
    func token(_ id: String, event: String = "456", expiresAt: UInt32? = nil) async throws -> String {
        guard
            let token = TicketToken(eventID: event, ticketID: id, issuedAt: 1_769_742_000, expiresAt: expiresAt)
        else { throw TestSetupError(description: "no token can be made of \(id)") }
        return try await keys.signer().seal(token)
    }

    struct Scan {
        let status: Int
        let data: [String: Any]

        var isValid: Bool { data["valid"] as? Bool ?? false }
        var code: String { data["code"] as? String ?? "" }
        var count: Int? { data["scanCount"] as? Int }
    }

    func scan(
        _ token: String,
        event: String = "456",
        operatorID: String = "123",
        location: String = "Entrée principale",
        key: String? = nil
    ) async throws -> Scan {
        let body =
            #"{"qrCodeData":\#(Self.quoted(token)),"eventId":\#(event),"operatorId":\#(operatorID),"#
            + #""location":\#(Self.quoted(location))}"#
        let response = try await api.call(
            "POST",
            "/api/v1/scans/validate",
            body,
            headers: key.map { ["Idempotency-Key": $0] } ?? [:]
        )
        return Scan(status: response.status, data: try response.object()["data"] as? [String: Any] ?? [:])
    }

    static func quoted(_ text: String) -> String {
        let data = try? JSONSerialization.data(withJSONObject: [text], options: [.withoutEscapingSlashes])
        return String(String(decoding: data ?? Data(), as: UTF8.self).dropFirst().dropLast())
    }

    func strings(_ sql: String) async throws -> [String] {
        try await pool.query(SQLStatement(sql)).map { $0.text(0) ?? "NULL" }
    }

    /// The events that await publishing, in order.
    func events() async throws -> [(name: String, body: [String: Any])] {
        try await pool.query(SQLStatement("SELECT routing_key, body FROM outbox ORDER BY id")).map { row in
            let body = try JSONSerialization.jsonObject(with: Data(row.bytes(1) ?? [])) as? [String: Any] ?? [:]
            return (row.text(0) ?? "", body)
        }
    }
}
