@testable import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
@testable import FlotillaTickets
import Foundation
import Testing

/// Two processes at the same tickets at the same moment.
@Suite(.serialized, .enabled(if: TestDatabase.isAvailable))
struct TicketRaceTests {
    private static let numbers = 1...192

    private static func job(_ id: String, title: String) -> String {
        TicketFixture.job(id, tickets: numbers.map { TicketFixture.ticket($0) }, data: #""event_title": "\#(title)""#)
    }

    /// The job as if it had been begun before, so that its tokens are others, and a day before its folder as well.
    private static func begin(_ id: String, _ body: String, before: String, _ fixture: TicketFixture) async throws {
        _ = try await fixture.pool.query(
            SQLStatement(
                """
                INSERT INTO ticket_generation_jobs (id, request_hash, event_id, total, started_at)
                VALUES ($1, $2, '456', $3, now() - $4::text::interval)
                """,
                [
                    .text(id), .bytes(SHA256.digest(Array(body.utf8))), .int(Int64(numbers.count)), .text(before),
                ]
            )
        )
    }

    @Test(arguments: [("AAAA", "BBBB", "2 seconds"), ("AAAA", "AAAA", "2 seconds"), ("AAAA", "BBBB", "1 day")])
    func `each page belongs to its row, and what is reported is what is kept`(
        _ first: String,
        _ second: String,
        _ before: String
    ) async throws {
        try await TicketFixture.with { fixture async throws in
            try await fixture.beside { other in
                let bodies = [Self.job("a", title: first), Self.job("b", title: second)]
                try await Self.begin("b", bodies[1], before: before, fixture)
                async let one = fixture.handle(bodies[0])
                async let two = other.handle(bodies[1])
                let areDone = await (one.isDone, two.isDone)
                #expect(areDone == (true, true))
            }
            let tickets = try await fixture.tickets()
            #expect(tickets.count == Self.numbers.count)
            #expect(fixture.files() == tickets.map(\.path).sorted())
            for ticket in tickets {
                let file = Array(try Data(contentsOf: fixture.folder.appending(path: ticket.path)))
                #expect(SHA256.digest(file) == ticket.fileHash, "\(ticket.ticketID.text) has another page than its row")
            }
            if first == second { #expect(fixture.store.paths.count == Self.numbers.count) }
            let kept = Dictionary(uniqueKeysWithValues: tickets.map { ($0.ticketID.text, $0) })
            let events = try await fixture.events()
            #expect(events.count == 2)
            for reported in events.flatMap({ $0["data"]?["tickets"]?.elements ?? [] }) {
                let id = try #require(reported["ticketId"]).json
                let ticket = try #require(kept[id])
                #expect(reported["qrCodeData"] == .string(ticket.token))
                #expect(reported["fileUrl"] == .string(ticket.url))
                #expect(reported["filePath"] == .string("/tickets/\(ticket.path)"))
            }
        }
    }

    @Test func `between a page and its row no other job gets in`() async throws {
        try await TicketFixture.with { fixture async throws in
            let pool = fixture.pool
            fixture.store.onFirstSync {
                try await eventually("the other job has recorded the ticket, or waits") {
                    let rows = try await pool.query(
                        SQLStatement(
                            """
                            SELECT EXISTS (SELECT FROM generated_tickets)
                                OR EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)
                            """
                        )
                    )
                    return rows[0].bool(0) == true
                }
            }
            try await fixture.beside { other in
                async let one = fixture.handle(TicketFixture.job("a", tickets: [TicketFixture.ticket(1, guest: "A")]))
                async let two = other.handle(TicketFixture.job("b", tickets: [TicketFixture.ticket(1, guest: "B")]))
                let areDone = await (one.isDone, two.isDone)
                #expect(areDone == (true, true))
            }
            let ticket = try #require(try await fixture.tickets().first)
            let file = Array(try Data(contentsOf: fixture.folder.appending(path: ticket.path)))
            #expect(SHA256.digest(file) == ticket.fileHash)
        }
    }

    @Test func `a ticket that is cancelled while its page is drawn is reported as cancelled, and stays so`()
        async throws
    {
        try await TicketFixture.with { fixture async throws in
            #expect(await fixture.handle(TicketFixture.job("a")).isDone)
            let pool = fixture.pool
            fixture.store.onPut { _ in
                _ = try await pool.query(SQLStatement("UPDATE generated_tickets SET cancelled_at = now()"))
            }
            #expect(
                await fixture.handle(TicketFixture.job("b", tickets: [TicketFixture.ticket(789, guest: "X")])).isDone
            )
            let reported = try #require(try await fixture.events().last?["data"]?["tickets"]?.elements.first)
            #expect(reported["errorCode"] == .string("cancelled_ticket"))
            let ticket = try #require(try await fixture.tickets().first)
            #expect(ticket.cancelledAt != nil)
            let file = Array(try Data(contentsOf: fixture.folder.appending(path: ticket.path)))
            #expect(SHA256.digest(file) == ticket.fileHash)
        }
    }
}
