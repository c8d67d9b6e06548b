import FlotillaHTTPRouting
@testable import FlotillaModels
import FlotillaPlatform
import FlotillaTestSupport
@testable import FlotillaTickets
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct ScanTests {
    @Test func `a ticket that is signed with a key of a moment ago is let in`() async throws {
        try await ScanFixture.with { scanner in
            let old = try await scanner.scan(try await scanner.ticket("1"))
            #expect(old.isValid)
            _ = try await scanner.keys.rotate(to: .ed25519)
            let new = try await scanner.scan(try await scanner.ticket("2"))
            #expect(new.isValid, "\(new.code)")
        }
    }

    @Test func `a ticket is valid once, then used, with its first and last time and place`() async throws {
        try await ScanFixture.with { scanner in
            let token = try await scanner.ticket("789")
            let first = try await scanner.scan(token)
            #expect(first.status == 200 && first.isValid && first.code == "valid")
            #expect(first.data["ticketId"] as? Int == 789 && first.data["guestId"] as? Int == 31 && first.count == 1)
            let firstAt = try #require(first.data["lastScanAt"] as? String)
            let second = try await scanner.scan(token, location: "Side door")
            #expect(!second.isValid && second.code == "already_used" && second.count == 2)
            #expect(second.data["firstScanAt"] as? String == firstAt && second.data["lastScanAt"] as? String == firstAt)
            #expect(second.data["firstLocation"] as? String == "Entrée principale")
            let third = try await scanner.scan(token)
            #expect(third.count == 3 && third.data["lastLocation"] as? String == "Side door")
            #expect(third.data["firstLocation"] as? String == "Entrée principale")
            let rows = try await scanner.strings(
                "SELECT concat_ws(' ', outcome, scan_number, location) FROM ticket_scans ORDER BY scanned_at"
            )
            #expect(
                rows == [
                    "valid 1 Entrée principale", "already_used 2 Side door", "already_used 3 Entrée principale",
                ]
            )
        }
    }

    @Test func `of two hundred scans at once exactly one is valid`() async throws {
        try await ScanFixture.with { scanner in
            let token = try await scanner.ticket("789")
            let scans = try await withThrowingTaskGroup(of: (Bool, Int).self) { group in
                for _ in 0..<200 {
                    group.addTask {
                        let scan = try await scanner.scan(token)
                        #expect(scan.status == 200)
                        return (scan.isValid, scan.count ?? 0)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(scans.count { $0.0 } == 1)
            #expect(Set(scans.map(\.1)) == Set(1...200))
            #expect(scans.first { $0.0 }?.1 == 1)
            let outcomes = try await scanner.strings(
                "SELECT outcome || ' ' || count(*) FROM ticket_scans GROUP BY outcome ORDER BY 1"
            )
            #expect(outcomes == ["already_used 199", "valid 1"])
            let events = try await scanner.events().map(\.name)
            #expect(events.count { $0 == "ticket.scanned" } == 1 && events.count { $0 == "scan.rejected" } == 199)
        }
    }

    @Test func `every refusal has a code of its own`() async throws {
        try await ScanFixture.with { scanner in
            let good = try await scanner.ticket("1")
            let other = try await scanner.ticket("2", event: "999")
            let cancelled = try await scanner.ticket("3")
            _ = try await scanner.strings("UPDATE generated_tickets SET cancelled_at = now() WHERE ticket_id = '3'")
            let expired = try await scanner.ticket("4", expiresAt: 1_769_742_001)
            let unknown = try await scanner.token("nobody")
            // The last letters are the signature's.
            let forged = String(good.dropLast(4)) + (good.hasSuffix("AAAA") ? "BBBB" : "AAAA")
            let foreignSigner = TicketSigner(
                key: try #require(TicketKeyID("00000000")),
                .ed25519(SigningKey.generate())
            ).seal(try #require(TicketToken(eventID: "456", ticketID: "1", issuedAt: 1)))
            let old = try await scanner.keys.signer().key
            let found = [
                try await scanner.scan(other).code, try await scanner.scan(cancelled).code,
                try await scanner.scan(expired).code,
                try await scanner.scan(unknown).code, try await scanner.scan(foreignSigner).code,
                try await scanner.scan("https://example.com/").code, try await scanner.scan("\u{0}").code,
            ]
            #expect(
                found == [
                    "wrong_event", "cancelled", "expired_token", "unknown_ticket", "unknown_key", "not_a_ticket",
                    "not_a_ticket",
                ]
            )
            let forgery = try await scanner.scan(forged).code
            #expect(forgery == "forged" || forgery == "not_a_ticket")
            _ = try await scanner.keys.rotate(to: .ed25519)
            _ = try await scanner.keys.retire(old, at: WallClock.microseconds())
            let fresh = TicketScanner(
                scanner.pool,
                keyring: TicketKeyring(scanner.keys),
                topology: APIFixture.topology
            )
            let request = ScanRequest(
                code: good,
                eventID: ExternalID("456", isNumber: false),
                operatorID: ExternalID("1", isNumber: false),
                location: "x"
            )
            guard case .decided(let outcome, _, _) = try await fresh.scan(request) else {
                Issue.record("no answer")
                return
            }
            #expect(outcome == .expiredKey)
            // No refusal has let anybody in.
            let admitted = try await scanner.strings("SELECT ticket_id FROM ticket_admissions")
            #expect(admitted == [])
        }
    }

    @Test func `any change of a token is refused`() async throws {
        try await ScanFixture.with { scanner in
            let token = try await scanner.ticket("789")
            let letters = Array(token)
            for index in stride(from: 0, to: letters.count, by: 7) {
                var changed = letters
                changed[index] = changed[index] == "A" ? "B" : "A"
                let scan = try await scanner.scan(String(changed), operatorID: "\(index)")
                #expect(scan.status == 200 && !scan.isValid, "letter \(index)")
            }
            let valid = try await scanner.scan(token)
            #expect(valid.isValid)
        }
    }

    @Test func `a scan is reported by events and a webhook, in the same transaction`() async throws {
        try await ScanFixture.with { scanner in
            _ = try await scanner.strings(
                """
                INSERT INTO webhook_endpoints (id, name, url, events, master, sealed_secret)
                VALUES ('e', 'core-scans', 'https://core.example/', '{ticket.scanned}', 'm', '\\x00')
                """
            )
            let token = try await scanner.ticket("789")
            let scan = try await scanner.scan(token)
            _ = try await scanner.scan(token)
            let events = try await scanner.events()
            #expect(events.map(\.name) == ["webhook.deliver", "ticket.scanned", "scan.rejected"])
            let scanned = events[1].body
            #expect(scanned["ticketId"] as? Int == 789 && scanned["eventId"] as? Int == 456)
            #expect(scanned["operatorId"] as? Int == 123 && scanned["status"] as? String == "validated")
            let rejected = events[2].body
            #expect(rejected["code"] as? String == "already_used" && rejected["scanCount"] as? Int == 2)
            let bodies = try await scanner.strings("SELECT convert_from(body, 'UTF8') FROM webhook_messages")
            #expect(bodies.count == 1)
            let body = try #require(
                try JSONSerialization.jsonObject(with: Data(bodies[0].utf8)) as? [String: Any]
            )
            #expect(
                Set(body.keys) == ["ticketId", "scanId", "status", "operatorId", "location", "scannedAt"]
                    && body["scanId"] as? String == scan.data["scanId"] as? String
                    && body["scannedAt"] as? String == scan.data["lastScanAt"] as? String
            )
        }
    }

    @Test func `a refusal has the ids as the ticket has them, and so has a sign of fraud`() async throws {
        try await ScanFixture.with(scopes: [.scan, .read]) { scanner in
            let expired = try await scanner.ticket("1002", expiresAt: 1_769_742_001)
            let refusal = try await scanner.scan(expired)
            #expect(refusal.code == "expired_token")
            #expect(refusal.data["ticketId"] as? Int == 1002 && refusal.data["guestId"] as? Int == 31)
            let rejected = try #require(try await scanner.events().first { $0.name == "scan.rejected" }?.body)
            #expect(rejected["ticketId"] as? Int == 1002 && rejected["guestId"] as? Int == 31)
            let token = try await scanner.ticket("1004")
            _ = try await scanner.scan(token)
            _ = try await scanner.scan(token, operatorID: "124", location: "elsewhere")
            let sign = try #require(try await scanner.events().first { $0.name == "scan.suspected" }?.body)
            let places = try #require(sign["places"] as? [[String: Any]])
            #expect(places.map { $0["operatorId"] as? Int } == [123, 124])
            let shown = try await scanner.api.call("GET", "/api/v1/tickets/1002").data()
            #expect(shown["guestId"] as? Int == 31)
        }
    }

    @Test func `ids that came as text go back as text`() async throws {
        try await ScanFixture.with { scanner in
            let token = try await scanner.ticket("t-1", event: "e-1", hasNumberIDs: false)
            let scan = try await scanner.scan(token, event: #""e-1""#, operatorID: #""o-1""#)
            #expect(scan.isValid && scan.data["ticketId"] as? String == "t-1")
            let event = try #require(try await scanner.events().first?.body)
            #expect(event["operatorId"] as? String == "o-1" && event["eventId"] as? String == "e-1")
        }
    }

    @Test func `a repeat with its idempotency key gets the same answer and counts once`() async throws {
        try await ScanFixture.with { scanner in
            let token = try await scanner.ticket("789")
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let scan = try await scanner.scan(token, key: "scanner-1-17")
                        return "\(scan.status) \(scan.isValid) \(scan.data["scanId"] ?? "")"
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(answers.count == 1 && answers.first?.hasPrefix("200 true") == true)
            let other = try await scanner.scan(token, location: "elsewhere", key: "scanner-1-17")
            #expect(other.status == 422)
            let next = try await scanner.scan(token, key: "scanner-1-18")
            #expect(next.code == "already_used" && next.count == 2)
        }
    }
}
