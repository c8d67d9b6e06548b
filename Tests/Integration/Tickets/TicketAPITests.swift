import FlotillaHTTPRouting
@testable import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
@testable import FlotillaTickets
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct TicketAPITests {
    @Test(arguments: ["/api/v1/tickets/generate", "/api/tickets/generate"])
    func `a job is taken in once, and the same job again is the same job`(_ path: String) async throws {
        try await TicketFixture.with { fixture async throws in
            try await APIFixture.with(fixture.pool) { api in
                let body = TicketFixture.job()
                let first = try await api.call("POST", path, body)
                #expect(first.status == 202)
                let id = try #require(try first.data()["id"] as? String)
                #expect(first.header("Location") == "/api/v1/jobs/\(id)")
                let again = try await api.call("POST", path, body)
                #expect(again.status == 202)
                #expect(try again.data()["id"] as? String == id)
                let other = try await api.call("POST", path, TicketFixture.job(tickets: [TicketFixture.ticket(1)]))
                #expect(other.status == 422)
                let payload = try await fixture.pool.query(
                    SQLStatement("SELECT body FROM outbox WHERE routing_key = 'ticket.generation.requested'")
                )
                #expect(payload.count == 1)
                #expect(payload[0].bytes(0) == Array(body.utf8))
            }
        }
    }

    @Test(arguments: ["/api/v1/tickets/generate", "/api/tickets/generate"])
    func `another method is told which one there is`(_ path: String) async throws {
        try await TicketFixture.with { fixture async throws in
            try await APIFixture.with(fixture.pool) { api in
                for method in ["GET", "PUT", "DELETE"] {
                    let answer = try await api.call(method, path)
                    #expect(answer.status == 405, "\(method)")
                    #expect(answer.header("Allow")?.contains("POST") == true, "\(method)")
                }
            }
        }
    }

    @Test func `mistakes are named`() async throws {
        try await TicketFixture.with { fixture async throws in
            try await APIFixture.with(fixture.pool) { api in
                for (body, field) in [
                    (
                        #"{"event_id": 1, "tickets": [1], "template_data": {"event_title": 7}}"#,
                        "template_data.event_title"
                    ),
                    (#"{"event_id": 1, "tickets": [], "template_data": {"event_title": "t"}}"#, "tickets"),
                    (#"{"event_id": 1, "colour": "red"}"#, "colour"),
                ] {
                    let answer = try await api.call("POST", "/api/tickets/generate", body)
                    #expect(answer.status == 422)
                    #expect(answer.body.contains("\"field\":\"\(field)\""), "\(answer.body)")
                }
            }
        }
    }

    @Test func `tickets are listed page by page, and shown one by one`() async throws {
        try await TicketFixture.with { fixture async throws in
            let job = TicketFixture.job(tickets: (1...5).map { TicketFixture.ticket($0) })
            #expect(await fixture.handle(job).isDone)
            try await APIFixture.with(fixture.pool) { api in
                let page = try await api.call("GET", "/api/v1/tickets?eventId=456&limit=3").data()
                #expect((page["items"] as? [[String: Any]])?.compactMap { $0["ticketId"] as? Int } == [1, 2, 3])
                let cursor = try #require(page["nextCursor"] as? String)
                let rest = try await api.call("GET", "/api/v1/tickets?jobId=uuid-123&cursor=\(cursor)").data()
                #expect((rest["items"] as? [[String: Any]])?.compactMap { $0["ticketId"] as? Int } == [4, 5])
                #expect(rest["nextCursor"] is NSNull)
                let ticket = try await api.call("GET", "/api/v1/tickets/4").data()
                #expect(ticket["guestName"] as? String == "John Doe")
                #expect(try await api.call("GET", "/api/v1/tickets/99").status == 404)

                // As forgetting the guest leaves it.
                #expect(ticket["fileUrl"] is String && ticket["filePath"] is String)
                _ = try await fixture.pool.query(
                    SQLStatement("UPDATE generated_tickets SET file_size = 0 WHERE ticket_id = '4'")
                )
                let left = try await api.call("GET", "/api/v1/tickets/4").data()
                #expect(left["fileUrl"] is NSNull && left["filePath"] is NSNull && left["fileSize"] as? Int == 0)
            }
        }
    }

    @Test func `characters that no font has are of the guest's name, and masked with it`() async throws {
        try await TicketFixture.with { fixture async throws in
            let guest = #"{"ticket_id": 2, "ticket_code": "c", "guest_name": "Zoë \#u{10FFFD}"}"#
            #expect(await fixture.handle(TicketFixture.job(tickets: [guest])).isDone)
            try await APIFixture.with(fixture.pool, scopes: [.read]) { api in
                let ticket = try await api.call("GET", "/api/v1/tickets/2").data()
                #expect(ticket["guestName"] as? String == "***" && ticket["missingCharacters"] as? String == "***")
            }
            try await APIFixture.with(fixture.pool) { api in
                let ticket = try await api.call("GET", "/api/v1/tickets/2").data()
                #expect(ticket["missingCharacters"] as? String == "\u{10FFFD}")
            }
        }
    }

    @Test func `a ticket's address leads to its file, whatever its id is`() async throws {
        try await TicketFixture.with({ settings in
            settings.address = TicketAddress(base: "https://fleet.example/tickets", isProven: true)
        }) { fixture async throws in
            let ids = ["ord.1", "TKT 7", "é", "a/b", "..", ".", "50%", "a?b#c", "x&y=z", "票"]
            let tickets = ids.map { #"{"ticket_id": "\#($0)", "ticket_code": "c"}"# }
            #expect(await fixture.handle(TicketFixture.job(tickets: tickets)).isDone)
            let made = try await fixture.tickets()
            #expect(made.count == ids.count)
            try await APIFixture.with(fixture.pool, ticketFiles: fixture.store) { api in
                for ticket in made {
                    let path = try #require(ticket.url.split(separator: "example").last.map(String.init))
                    let file = try await api.call("GET", path, key: "")
                    #expect(file.status == 200, "\(ticket.ticketID.text): \(path)")
                }
            }
        }
    }

    @Test func `while the folder is out a file is not said to be missing`() async throws {
        try await TicketFixture.with({ settings in
            settings.address = TicketAddress(base: "https://fleet.example/tickets", isProven: true)
        }) { fixture async throws in
            #expect(await fixture.handle(TicketFixture.job()).isDone)
            let ticket = try #require(try await fixture.tickets().first)
            let path = try #require(ticket.url.split(separator: "example").last.map(String.init))
            let away = fixture.folder.appendingPathExtension("away")
            try FileManager.default.moveItem(at: fixture.folder, to: away)
            defer { try? FileManager.default.removeItem(at: away) }
            try await APIFixture.with(fixture.pool, ticketFiles: fixture.store) { api in
                #expect(try await api.call("GET", path, key: "").status == 503)
                // The folder's place is taken by something that is none.
                try Data().write(to: fixture.folder)
                #expect(try await api.call("GET", path, key: "").status == 503)
                try FileManager.default.removeItem(at: fixture.folder)
                try FileManager.default.moveItem(at: away, to: fixture.folder)
                #expect(try await api.call("GET", path, key: "").status == 200)
            }
        }
    }

    @Test func `a file is for who has its whole address`() async throws {
        try await TicketFixture.with({ settings in
            settings.address = TicketAddress(base: "https://fleet.example/tickets", isProven: true)
        }) { fixture async throws in
            #expect(await fixture.handle(TicketFixture.job()).isDone)
            let ticket = try #require(try await fixture.tickets().first)
            let path = try #require(ticket.url.split(separator: "example").last.map(String.init))
            try await APIFixture.with(fixture.pool, ticketFiles: fixture.store) { api in
                let file = try await api.call("GET", path, key: "")
                #expect(file.status == 200)
                #expect(file.header("Content-Type") == "application/pdf")
                for wrong in ["/tickets/789.pdf", "/tickets/789.pdf?proof=00", "/tickets/790.pdf?proof=00", path + "0"]
                {
                    let answer = try await api.call("GET", wrong, key: "")
                    #expect(answer.status == 404)
                    #expect(answer.body.contains("There is no such ticket"))
                }
                try await fixture.store.remove(ticket.path)
                #expect(try await api.call("GET", path, key: "").status == 404)
            }
        }
    }
}
