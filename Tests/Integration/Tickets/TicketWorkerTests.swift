@testable import FlotillaModels
@testable import FlotillaNotifications
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
@testable import FlotillaTickets
@testable import Workers
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct TicketWorkerTests {
    @Test func `the job of the seed makes its ticket, and tells of it in the seed's shape`() async throws {
        try await TicketFixture.with { fixture async throws in
            let guest = #", "guest_email": "john@example.com", "guest_id": 12"#
            let body = TicketFixture.job(tickets: [TicketFixture.ticket(789, more: guest)])
            #expect(await fixture.handle(body, id: "m-1").isDone)

            let tickets = try await fixture.tickets()
            let ticket = try #require(tickets.first)
            #expect(tickets.count == 1)
            #expect(ticket.template == "standard")
            let opened = try await fixture.keys.verifier().open(ticket.token, at: WallClock.microseconds())
            #expect(opened.ticketID == "789")
            #expect(opened.eventID == "456")
            #expect(fixture.files() == [ticket.path])
            #expect(ticket.path.wholeMatch(of: /\d{4}\/\d\d\/\d\d\/789\.pdf/) != nil)
            let file = try Data(contentsOf: fixture.folder.appending(path: ticket.path))
            #expect(SHA256.digest(Array(file)) == ticket.fileHash)

            let event = try #require(try await fixture.events().first)
            #expect(event["eventType"] == .string("ticket.completed"))
            #expect(event["jobId"] == .string("uuid-123"))
            #expect(event["status"] == .string("completed"))
            #expect(event["eventTitle"] == .string("Tech Conference 2026"))
            #expect(event["eventId"] == .number("456"))
            let reported = try #require(event["data"]?["tickets"]?.elements.first)
            #expect(reported["ticketId"] == .number("789"))
            #expect(reported["ticketCode"] == .string("TKT-789"))
            #expect(reported["qrCodeData"] == .string(ticket.token))
            #expect(reported["fileUrl"] == .string("https://cdn.eventplanner.com/tickets/789.pdf"))
            #expect(reported["filePath"] == .string("/tickets/\(ticket.path)"))
            #expect(reported["success"] == .boolean(true))
            #expect(reported["guestEmail"] == .string("john@example.com"))
            #expect(reported["guestId"] == .string("12"))
            let summary = event["data"]?["summary"]
            #expect(summary?["total"] == .number("1"))
            #expect(summary?["successful"] == .number("1"))
            #expect(summary?["failed"] == .number("0"))
            #expect(summary?["processingTime"] != nil)
            // What the notification worker makes of it.
            let read = try NotifiedEvent(
                name: TicketWorker.completed,
                body: Array(event.json.utf8),
                timeOf: { $0 ?? 0 }
            )
            let effect = try TicketEvents.completed(read)
            #expect(effect.announcements.count == 1)
        }
    }

    @Test func `that a font lacks characters is in the report, and which ones with the ticket`() async throws {
        try await TicketFixture.with { fixture async throws in
            let incomplete = #"{"ticket_id": 2, "ticket_code": "c", "guest_name": "Zoë \#u{10FFFD} 🎉"}"#
            #expect(await fixture.handle(TicketFixture.job(tickets: [TicketFixture.ticket(1), incomplete])).isDone)
            let event = try #require(try await fixture.events().first)
            let reported = event["data"]?["tickets"]?.elements ?? []
            #expect(reported.map { $0["success"] } == [.boolean(true), .boolean(true)])
            #expect(reported.map { $0["missingCharacters"] } == [nil, .boolean(true)])
            #expect(event["data"]?["summary"]?["withMissingCharacters"] == .number("1"))
            #expect(try await fixture.tickets().map(\.missingCharacters) == [nil, "\u{10FFFD}"])
        }
    }

    @Test func `a bad ticket fails alone, with its reason, and is counted`() async throws {
        try await TicketFixture.with { fixture async throws in
            let tickets = [
                TicketFixture.ticket(1), #"{"ticket_code": "no id"}"#, #"{"ticket_id": 2, "guest_name": "no code"}"#,
                TicketFixture.ticket(1), #""nonsense""#,
                #"{"ticket_id": 3, "ticket_code": "c", "template_id": "golden"}"#,
                #"{"ticket_id": 4, "ticket_code": "c", "guest_email": "a@b\r\nBcc: x@y.z"}"#,
                #"{"ticket_id": 5, "ticket_code": "c", "type": "vip", "template_id": 999}"#,
            ]
            #expect(await fixture.handle(TicketFixture.job(tickets: tickets)).isDone)
            #expect(try await fixture.tickets().map(\.ticketID.text) == ["1", "5"])
            #expect(try await fixture.tickets().map(\.template) == ["standard", "vip"])
            let event = try #require(try await fixture.events().first)
            #expect(event["data"]?["summary"]?["failed"] == .number("6"))
            #expect(event["data"]?["summary"]?["successful"] == .number("2"))
            let reported = event["data"]?["tickets"]?.elements ?? []
            #expect(reported.count == 8)
            #expect(reported[1]["errorCode"] == .string("invalid_ticket"))
            #expect(reported[1]["error"] == .string("tickets.1.ticket_id: missing"))
            #expect(reported[3]["errorCode"] == .string("duplicate_ticket"))
            #expect(reported[5]["errorCode"] == .string("unknown_template"))
            #expect(reported[6]["error"]?.text?.hasPrefix("tickets.6.guest_email: ") == true)
            #expect(try await fixture.count("SELECT count(*) FROM ticket_generation_logs WHERE status = 'failed'") == 6)
            let job = try await fixture.pool.query(
                SQLStatement("SELECT status, successful, failed FROM ticket_generation_jobs")
            )
            #expect(job[0].text(0) == "completed")
            #expect(job[0].int(2) == 6)
        }
    }

    @Test func `a job without an offset and a zone says which zone was assumed`() async throws {
        try await TicketFixture.with({ $0.timeZone = "Europe/Paris" }) { fixture async throws in
            let data = #""event_title": "T", "event_date": "2026-06-15T09:00:00""#
            let guest = #", "guest_email": "john@example.com", "expires_at": "2026-06-15T23:00:00""#
            let body = TicketFixture.job(tickets: [TicketFixture.ticket(1, more: guest)], data: data)
            let notes = await fixture.notes(body)
            #expect(notes == ["1 of 1 tickets; times without an offset were read in Europe/Paris"])
            #expect(try await fixture.tickets().first?.expiresAt == EventTime.parse("2026-06-15T21:00:00Z"))
            let event = try #require(try await fixture.events().first)
            let reported = event["data"]?["tickets"]?.elements.first
            #expect(reported?["eventDate"] == .string("2026-06-15T07:00:00.000Z"))
        }
    }

    @Test(arguments: ["2106-02-07T06:28:16Z", "9999-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
    func `an end that no token can hold is refused by name`(_ end: String) throws {
        let body = TicketFixture.job(tickets: [TicketFixture.ticket(1, more: #", "expires_at": "\#(end)""#)])
        guard case .faulty(_, _, let problem) = try TicketJobRequest(body: Array(body.utf8)).entries[0] else {
            throw TestSetupError(description: "it was taken")
        }
        #expect(problem.code == .invalid)
        #expect(problem.message.hasPrefix("tickets.0.expires_at: expected a time"))
    }

    @Test func `the last end that a token can hold is taken`() throws {
        let more = #", "expires_at": "2106-02-07T06:28:15Z""#
        let body = TicketFixture.job(tickets: [TicketFixture.ticket(1, more: more)])
        guard case .ticket(let request) = try TicketJobRequest(body: Array(body.utf8)).entries[0] else {
            throw TestSetupError(description: "it was refused")
        }
        #expect(request.end?.microseconds == Int64(UInt32.max) * 1_000_000)
    }

    @Test func `one name with signs that are no text costs nobody a ticket`() async throws {
        try await TicketFixture.with { fixture async throws in
            let names = [#"A\ufdd0"#, #"B\ufffe"#, #"C\uffff"#, #"D\ud83f\udffe"#, #"E\udbff\udfff"#, "F"]
            let tickets = names.enumerated().map { TicketFixture.ticket($0 + 1, guest: $1) }
            #expect(await fixture.handle(TicketFixture.job(tickets: tickets)).isDone)
            #expect(try await fixture.tickets().count == names.count)
        }
    }

    @Test(arguments: [
        ("{}", "event_id"), (#"{"event_id": 1}"#, "template_data"),
        (#"{"event_id": 1, "template_data": {}}"#, "template_data.event_title"),
        (#"{"event_id": 1, "template_data": {"event_title": "t"}}"#, "tickets"),
        (#"{"event_id": 1, "template_data": {"event_title": "t"}, "tickets": []}"#, "tickets"),
        (#"{"event_id": {}, "template_data": {"event_title": "t"}, "tickets": [1]}"#, "event_id"),
        (
            #"{"event_id": 1, "template_data": {"event_title": "t", "event_date": "soon"}, "tickets": [1]}"#,
            "template_data.event_date"
        ),
        (
            #"{"event_id": 1, "template_data": {"event_title": "t", "color": "red"}, "tickets": [1]}"#,
            "template_data.color"
        ),
        (
            #"{"event_id": 1, "template_data": {"event_title": "t", "logo": "!"}, "tickets": [1]}"#,
            "template_data.logo"
        ),
        (
            #"{"event_id": 1, "template_data": {"event_title": "t", "time_zone": "Mars/X"}, "tickets": [1]}"#,
            "template_data.time_zone"
        ),
    ])
    func `what is wrong with all of a job is refused by name`(_ body: String, _ field: String) {
        let error = #expect(throws: InvalidPayload.self) { try TicketJobRequest(body: Array(body.utf8)) }
        #expect(error?.field == field)
    }

    @Test func `the same job again makes nothing a second time, whatever its message is called`() async throws {
        try await TicketFixture.with { fixture async throws in
            let body = TicketFixture.job(tickets: (1...5).map { TicketFixture.ticket($0) })
            #expect(await fixture.handle(body, id: "m-1").isDone)
            let before = try await fixture.tickets()
            #expect(await fixture.handle(body, id: "m-1").isDone)
            #expect(await fixture.handle(body, id: "m-2").isDone)
            #expect(try await fixture.tickets() == before)
            #expect(fixture.store.paths.count == 5)
            #expect(try await fixture.events().count == 1)
        }
    }

    @Test func `another job with the same tickets finds them made, and says so`() async throws {
        try await TicketFixture.with { fixture async throws in
            #expect(await fixture.handle(TicketFixture.job("a")).isDone)
            #expect(await fixture.handle(TicketFixture.job("b")).isDone)
            #expect(fixture.store.paths.count == 1)
            let events = try await fixture.events()
            #expect(events.count == 2)
            #expect(events[0]["data"]?["tickets"]?.elements.first == events[1]["data"]?["tickets"]?.elements.first)
        }
    }

    @Test func `a corrected ticket keeps its token and its place`() async throws {
        try await TicketFixture.with { fixture async throws in
            #expect(await fixture.handle(TicketFixture.job("a")).isDone)
            let before = try #require(try await fixture.tickets().first)
            let corrected = TicketFixture.job("a", tickets: [TicketFixture.ticket(789, guest: "Jane Doe")])
            #expect(await fixture.handle(corrected).isDone)
            let after = try #require(try await fixture.tickets().first)
            #expect(after.guestName == "Jane Doe")
            #expect(after.token == before.token)
            #expect(after.path == before.path)
            #expect(after.fileHash != before.fileHash)
            #expect(fixture.files().count == 1)
            #expect(try await fixture.events().count == 2)
        }
    }

    @Test func `tickets of a retired key get new tokens from another job`() async throws {
        try await TicketFixture.with { fixture async throws in
            #expect(await fixture.handle(TicketFixture.job("a")).isDone)
            let before = try #require(try await fixture.tickets().first)
            _ = try await fixture.keys.rotate(to: .hmac)
            #expect(await fixture.handle(TicketFixture.job("b")).isDone)
            #expect(try await fixture.tickets().first == before)
            let old = try #require(TicketKeyID(before.keyID))
            _ = try await fixture.keys.retire(old, at: WallClock.microseconds())
            #expect(await fixture.handle(TicketFixture.job("c")).isDone)
            let after = try #require(try await fixture.tickets().first)
            #expect(after.token != before.token)
            #expect(after.path == before.path)
            let opened = try await fixture.keys.verifier().open(after.token, at: WallClock.microseconds())
            #expect(opened.ticketID == "789")
        }
    }

    @Test func `ids are written back as they came`() async throws {
        try await TicketFixture.with { fixture async throws in
            let body = """
                {"jobId": 123, "eventId": "summer", "templateData": {"eventTitle": "t"},
                 "tickets": [{"ticketId": 7, "ticketCode": "c"}, {"ticketId": "7a", "ticketCode": "c"}]}
                """
            #expect(await fixture.handle(body).isDone)
            let event = try #require(try await fixture.events().first)
            #expect(event["jobId"] == .number("123"))
            #expect(event["eventId"] == .string("summer"))
            let reported = event["data"]?["tickets"]?.elements ?? []
            #expect(reported.map { $0["ticketId"] } == [.number("7"), .string("7a")])
            let kept = try await fixture.tickets()
            #expect(kept.map(\.ticketID.isNumber) == [true, false])
            #expect(kept.map(\.eventID.isNumber) == [false, false])
        }
    }

    @Test func `a ticket of another event, and a cancelled one, are left alone`() async throws {
        try await TicketFixture.with { fixture async throws in
            let first = TicketFixture.job("a", tickets: [1, 2, 3].map { TicketFixture.ticket($0) })
            #expect(await fixture.handle(first).isDone)
            _ = try await fixture.pool.query(
                SQLStatement("UPDATE generated_tickets SET event_id = '7' WHERE ticket_id = '1'")
            )
            _ = try await fixture.pool.query(
                SQLStatement("UPDATE generated_tickets SET cancelled_at = now() WHERE ticket_id = '2'")
            )
            let again = TicketFixture.job("b", tickets: [1, 2, 3].map { TicketFixture.ticket($0, guest: "X") })
            #expect(await fixture.handle(again).isDone)
            let reported = try await fixture.events().last?["data"]?["tickets"]?.elements ?? []
            #expect(reported.map { $0["errorCode"]?.text } == ["other_event", "cancelled_ticket", nil])
            let names = try await fixture.tickets().map(\.guestName)
            #expect(names == ["John Doe", "John Doe", "X"])
        }
    }

    @Test func `a store that is out stops the job, which goes on where it was`() async throws {
        try await TicketFixture.with { fixture async throws in
            let body = TicketFixture.job(tickets: (1...200).map { TicketFixture.ticket($0) })
            fixture.store.fail(after: 150)
            let result = await fixture.handle(body, id: "m")
            guard case .failure(let error) = result else { throw TestSetupError(description: "it went through") }
            #expect(error as? DependencyOutage != nil)
            #expect(try await fixture.events().isEmpty)
            let recorded = try await fixture.tickets()
            #expect(recorded.count == 128)
            // What is not recorded may be there as a file, but never half of one.
            for file in fixture.files() { #expect(file.hasSuffix(".pdf")) }

            fixture.store.fail(after: nil)
            #expect(await fixture.handle(body, id: "m").isDone)
            #expect(try await fixture.tickets().count == 200)
            #expect(
                Array(try await fixture.tickets().filter { recorded.map(\.ticketID).contains($0.ticketID) }) == recorded
            )
            #expect(fixture.store.paths.count == 150 + 72)
            #expect(Set(fixture.store.paths).count == 200)
            let event = try #require(try await fixture.events().first)
            #expect(event["data"]?["summary"]?["successful"] == .number("200"))
        }
    }

    @Test func `a folder that can't be written to is an outage, and leaves nothing half-written`() async throws {
        try await TicketFixture.with(store: { _ in TicketFolder("/proc/flotilla-tickets") }) { fixture async throws in
            let result = await fixture.handle(TicketFixture.job())
            guard case .failure(let error) = result else { throw TestSetupError(description: "it went through") }
            #expect((error as? DependencyOutage)?.dependency == .ticketFiles)
            #expect(try await fixture.tickets().isEmpty)
            #expect(await fixture.store.isReachable() == false)
        }
        try await TicketFixture.with { fixture async throws in
            #expect(await fixture.store.isReachable())
            #expect(fixture.files() == [])
        }
    }

    @Test func `a job can be stopped after the group of tickets that it is at`() async throws {
        try await TicketFixture.with { fixture async throws in
            let records = TicketRecords(fixture.pool)
            fixture.store.onPut { count in if count == 70 { _ = try await records.stop(job: "uuid-123") } }
            let body = TicketFixture.job(tickets: (1...300).map { TicketFixture.ticket($0) })
            #expect(await fixture.handle(body).isDone)
            #expect(try await fixture.tickets().count == 128)
            #expect(try await fixture.events().isEmpty)
            #expect(await fixture.handle(body).isDone)
            #expect(fixture.store.paths.count == 128)
            #expect(try await records.stop(job: "uuid-123") == false)
        }
    }

    @Test func `the date is told in the job's language and time zone, and the page says so`() async throws {
        try await TicketFixture.with { fixture async throws in
            let data = """
                "event_title": "Salon du livre", "event_date": "2026-06-15T22:30:00Z", "time_zone": "Europe/Paris",
                "language": "fr-FR", "event_location": "Grand Palais"
                """
            #expect(await fixture.handle(TicketFixture.job(data: data)).isDone)
            let ticket = try #require(try await fixture.tickets().first)
            let text = try Tool.text(of: fixture.folder.appending(path: ticket.path))
            #expect(text.contains("mardi 16 juin 2026, 00:30 (Paris)"))
            #expect(text.contains("Grand Palais"))
            #expect(text.contains("Présentez ce code à l’entrée"))
        }
    }
}

extension JSONValue {
    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
}
