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
        TicketStage.job(id, tickets: numbers.map { TicketStage.ticket($0) }, data: #""event_title": "\#(title)""#)
    }

    /// The job as if it had been begun before, so that its tokens are others, and a day before its folder as well.
    private static func begin(_ id: String, _ body: String, before: String, _ stage: TicketStage) async throws {
        _ = try await stage.pool.query(
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
    func `each page belongs to its row, and what is told is what is kept`(
        _ first: String,
        _ second: String,
        _ before: String
    ) async throws {
        try await TicketStage.with { stage async throws in
            try await stage.beside { other in
                let bodies = [Self.job("a", title: first), Self.job("b", title: second)]
                try await Self.begin("b", bodies[1], before: before, stage)
                async let one = stage.handle(bodies[0])
                async let two = other.handle(bodies[1])
                let areDone = await (one.isDone, two.isDone)
                #expect(areDone == (true, true))
            }
            let tickets = try await stage.tickets()
            #expect(tickets.count == Self.numbers.count)
            #expect(stage.files() == tickets.map(\.path).sorted())
            for ticket in tickets {
                let file = Array(try Data(contentsOf: stage.folder.appending(path: ticket.path)))
                #expect(SHA256.digest(file) == ticket.fileHash, "\(ticket.ticketID.text) has another page than its row")
            }
            if first == second { #expect(stage.store.paths.count == Self.numbers.count) }
            let kept = Dictionary(uniqueKeysWithValues: tickets.map { ($0.ticketID.text, $0) })
            let events = try await stage.events()
            #expect(events.count == 2)
            for told in events.flatMap({ $0["data"]?["tickets"]?.elements ?? [] }) {
                let id = try #require(told["ticketId"]).json
                let ticket = try #require(kept[id])
                #expect(told["qrCodeData"] == .string(ticket.token))
                #expect(told["fileUrl"] == .string(ticket.url))
                #expect(told["filePath"] == .string("/tickets/\(ticket.path)"))
            }
        }
    }

    @Test func `between a page and its row no other job gets in`() async throws {
        try await TicketStage.with { stage async throws in
            let pool = stage.pool
            stage.store.onFirstSettle {
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
            try await stage.beside { other in
                async let one = stage.handle(TicketStage.job("a", tickets: [TicketStage.ticket(1, guest: "A")]))
                async let two = other.handle(TicketStage.job("b", tickets: [TicketStage.ticket(1, guest: "B")]))
                let areDone = await (one.isDone, two.isDone)
                #expect(areDone == (true, true))
            }
            let ticket = try #require(try await stage.tickets().first)
            let file = Array(try Data(contentsOf: stage.folder.appending(path: ticket.path)))
            #expect(SHA256.digest(file) == ticket.fileHash)
        }
    }

    @Test func `a ticket that is cancelled while its page is drawn is told of as cancelled, and stays so`()
        async throws
    {
        try await TicketStage.with { stage async throws in
            #expect(await stage.handle(TicketStage.job("a")).isDone)
            let pool = stage.pool
            stage.store.onPut { _ in
                _ = try await pool.query(SQLStatement("UPDATE generated_tickets SET cancelled_at = now()"))
            }
            #expect(await stage.handle(TicketStage.job("b", tickets: [TicketStage.ticket(789, guest: "X")])).isDone)
            let told = try #require(try await stage.events().last?["data"]?["tickets"]?.elements.first)
            #expect(told["errorCode"] == .string("cancelled_ticket"))
            let ticket = try #require(try await stage.tickets().first)
            #expect(ticket.cancelledAt != nil)
            let file = Array(try Data(contentsOf: stage.folder.appending(path: ticket.path)))
            #expect(SHA256.digest(file) == ticket.fileHash)
        }
    }
}
