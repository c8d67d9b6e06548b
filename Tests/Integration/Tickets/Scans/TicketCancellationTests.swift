import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
@testable import FlotillaTickets
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct TicketCancellationTests {
    private func hear(_ fixture: ScanFixture, _ body: String, id: String = "m") async -> Result<Outcome, any Error> {
        let worker = TicketCancellationWorker(topology: APIFixture.topology)
        let harness = HandlerHarness(worker, queue: "scan.ticket.cancelled", fixture.pool)
        return await harness.handle([.init(id: id, event: "ticket.cancelled", body: body)])[0]
    }

    @Test func `a ticket that is cancelled over HTTP is refused by scans, and reported once`() async throws {
        try await ScanFixture.with { fixture in
            let token = try await fixture.ticket("789")
            let first = try await fixture.api.call("POST", "/api/v1/tickets/TKT-789/cancel", #"{"reason":"refunded"}"#)
            #expect(first.status == 200)
            let data = try first.data()
            #expect(data["isNew"] as? Bool == true)
            let again = try await fixture.api.call("POST", "/api/tickets/TKT-789/cancel", "{}")
            let repeated = try again.data()
            #expect(again.status == 200 && repeated["isNew"] as? Bool == false)
            #expect(repeated["cancelledAt"] as? String == data["cancelledAt"] as? String)
            let scan = try await fixture.scan(token)
            #expect(scan.code == "cancelled" && !scan.isValid)
            let events = try await fixture.events()
            #expect(events.map(\.name) == ["ticket.cancelled", "scan.rejected"])
            #expect(events[0].body["reason"] as? String == "refunded" && events[0].body["ticketId"] as? Int == 789)
            // What it says is what the worker reads.
            #expect(await hear(fixture, #"{"ticketId":789,"ticketCode":"TKT-789","eventId":456}"#).isDone)
        }
    }

    @Test func `a scan beside a cancellation waits for it, and is refused`() async throws {
        try await ScanFixture.with { fixture in
            let token = try await fixture.ticket("789")
            let scan = try await fixture.pool.transaction { transaction in
                let results = try await transaction.pipeline([
                    SQLStatement("UPDATE generated_tickets SET cancelled_at = now() WHERE ticket_id = '789'"),
                    SQLStatement("SELECT pg_backend_pid()::text"),
                ])
                let canceller = results[1].first?.text(0) ?? ""
                let scan = Task { try await fixture.scan(token).code }
                try await eventually("the scan waits or has answered") {
                    try await fixture.strings(
                        """
                        SELECT '1' FROM pg_stat_activity WHERE \(canceller) = ANY (pg_blocking_pids(pid))
                        UNION ALL SELECT '1' FROM ticket_scans
                        """
                    ).isEmpty == false
                }
                return scan
            }
            let code = try await scan.value
            #expect(code == "cancelled")
        }
    }

    @Test func `one code in two events needs the event`() async throws {
        try await ScanFixture.with { fixture in
            _ = try await fixture.ticket("1", event: "1", code: "TKT 1/é")
            _ = try await fixture.ticket("2", event: "2", code: "TKT 1/é")
            let path = "/api/v1/tickets/TKT%201%2F%C3%A9/cancel"
            let ambiguous = try await fixture.api.call("POST", path, "{}")
            #expect(try ambiguous.code() == "ambiguous_ticket" && ambiguous.status == 409)
            let one = try await fixture.api.call("POST", path, #"{"eventId":2}"#)
            #expect(one.status == 200)
            let cancelled = try await fixture.strings(
                "SELECT ticket_id FROM generated_tickets WHERE cancelled_at IS NOT NULL"
            )
            #expect(cancelled == ["2"])
            let unknown = try await fixture.api.call("POST", "/api/v1/tickets/nobody/cancel", "{}")
            #expect(unknown.status == 404)
        }
    }

    @Test func `a webhook tells of a ticket that is cancelled, over HTTP or by an event`() async throws {
        try await ScanFixture.with { fixture in
            _ = try await fixture.strings(
                """
                INSERT INTO webhook_endpoints (id, name, url, events, master, sealed_secret)
                VALUES ('e', 'crm', 'https://crm.example/', '{ticket.cancelled}', 'm', '\\x00')
                """
            )
            _ = try await fixture.ticket("1")
            _ = try await fixture.ticket("2")
            let one = try await fixture.api.call("POST", "/api/v1/tickets/TKT-1/cancel", #"{"reason":"refunded"}"#)
            #expect(one.status == 200)
            #expect(await hear(fixture, #"{"ticketId":2}"#).isDone)
            // What is cancelled already is not told of again.
            #expect(await hear(fixture, #"{"ticketId":1}"#, id: "n").isDone)
            let reported = try await fixture.strings(
                "SELECT event || ' ' || (convert_from(body, 'UTF8')::jsonb ->> 'ticketId') FROM webhook_messages ORDER BY id"
            )
            #expect(reported == ["ticket.cancelled 1", "ticket.cancelled 2"])
            let deliveries = try await fixture.strings("SELECT endpoint_id FROM webhook_deliveries")
            #expect(deliveries == ["e", "e"])
        }
    }

    @Test func `one code twice in one event needs the ticket's id, and the answer says so`() async throws {
        try await ScanFixture.with { fixture in
            _ = try await fixture.ticket("1", code: "TKT-001")
            _ = try await fixture.ticket("2", code: "TKT-001")
            let path = "/api/v1/tickets/TKT-001/cancel"
            let ambiguous = try await fixture.api.call("POST", path, #"{"eventId":456}"#)
            #expect(ambiguous.status == 409)
            let answer = ambiguous.body
            #expect(answer.contains("ticketId") && !answer.contains("Several events"))
            let other = try await fixture.api.call("POST", path, #"{"ticketId":2,"eventId":457}"#)
            #expect(other.status == 404)
            let one = try await fixture.api.call("POST", path, #"{"ticketId":2}"#)
            #expect(one.status == 200)
            let cancelled = try await fixture.strings(
                "SELECT ticket_id FROM generated_tickets WHERE cancelled_at IS NOT NULL"
            )
            #expect(cancelled == ["2"])
        }
    }

    @Test func `an event cancels by id or by code; one that is ahead of its ticket is tried again`() async throws {
        try await ScanFixture.with { fixture in
            let early = await hear(fixture, #"{"ticketId":"1"}"#)
            #expect(early.failureType == "unknown_ticket" && !early.isPermanent)
            _ = try await fixture.ticket("1")
            _ = try await fixture.ticket("2", code: "A")
            _ = try await fixture.ticket("3", event: "9", code: "A")
            #expect(await hear(fixture, #"{"ticketId":1}"#).isDone)
            #expect(await hear(fixture, #"{"data":{"ticket_code":"A","event_id":"456"}}"#, id: "n").isDone)
            #expect(await hear(fixture, #"{"ticketCode":"A"}"#, id: "o").failureType == "invalid_payload")
            #expect(await hear(fixture, #"{"eventId":1}"#, id: "p").failureText.contains("ticketCode"))
            let cancelled = try await fixture.strings(
                "SELECT ticket_id FROM generated_tickets WHERE cancelled_at IS NOT NULL ORDER BY 1"
            )
            #expect(cancelled == ["1", "2"])
            let events = try await fixture.events()
            #expect(events.isEmpty)
        }
    }
}
