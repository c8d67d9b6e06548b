@testable import FlotillaPersonalData
import FlotillaStorage
import FlotillaTestSupport
@testable import FlotillaTickets
import Synchronization
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct TicketPrivacyTests {
    @Test func `a guest who is forgotten leaves no name, no address and no file, and others keep theirs`()
        async throws
    {
        try await TicketStage.with { stage async throws in
            let tickets = [
                TicketStage.ticket(
                    1,
                    guest: "Zoé Lindqvist",
                    more: #", "guest_email": "Zoe.L@example.com", "guest_id": 7"#
                ),
                TicketStage.ticket(2, guest: "Zoé Lindqvist"), TicketStage.ticket(3, guest: "Jane Doe"),
                TicketStage.ticket(4, guest: "Zoé Lindqvist", more: #", "guest_id": 8"#),
            ]
            let body = TicketStage.job(tickets: tickets)
            #expect(await stage.handle(body).isDone)
            let others = try await stage.tickets().suffix(2).map(\.path).sorted()
            let data = TicketData(stage.pool, stage.store)
            var person = Person()
            person.add(DataSubject(kind: "guest", id: "7"))
            try await data.identify(&person)
            #expect(person.traces["Zoé Lindqvist"] == .name)
            #expect(person.traces["Zoe.L@example.com"] == .email)

            #expect(try await data.erase(person, isRehearsal: true) >= 2)
            #expect(stage.files().count == 4)
            #expect(try await data.erase(person, isRehearsal: false) == 2)
            #expect(stage.files() == others)
            let left = try await stage.pool.query(
                SQLStatement(
                    "SELECT t::text FROM generated_tickets AS t UNION ALL SELECT l::text FROM ticket_generation_logs AS l"
                )
            ).compactMap { $0.text(0) }
            #expect(left.count { $0.contains("Lindqvist") } == 1)
            #expect(!left.contains { $0.lowercased().contains("zoe.l") })
            #expect(try await stage.tickets().map(\.guestName) == [nil, nil, "Jane Doe", "Zoé Lindqvist"])
            #expect(try await stage.tickets().map(\.hasFile) == [false, false, true, true])
            #expect(try await data.erase(person, isRehearsal: false) == 0)

            // A late copy of the job brings nothing back.
            #expect(await stage.handle(body, id: "late").isDone)
            #expect(await stage.handle(TicketStage.job("another", tickets: tickets)).isDone)
            #expect(stage.files() == others)
        }
    }

    @Test func `who is forgotten while their page is drawn anew is not brought back`() async throws {
        try await TicketStage.with { stage async throws in
            let guest = #", "guest_email": "zoe@example.com", "guest_id": 7"#
            let first = TicketStage.job("a", tickets: [TicketStage.ticket(1, guest: "Zoé", more: guest)])
            #expect(await stage.handle(first).isDone)
            let (pool, store) = (stage.pool, stage.store)
            var zoe = Person()
            zoe.add(DataSubject(kind: "guest", id: "7"))
            let person = zoe
            let erasure = Mutex<Task<Int, any Error>?>(nil)
            stage.store.onFirstSettle {
                let erasing = Task { try await TicketData(pool, store).erase(person, isRehearsal: false) }
                erasure.withLock { $0 = erasing }
                try await eventually("the erasure waits, or is done") {
                    let rows = try await pool.query(
                        SQLStatement(
                            """
                            SELECT EXISTS (SELECT FROM generated_tickets WHERE guest_name IS NULL)
                                OR EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)
                            """
                        )
                    )
                    return rows[0].bool(0) == true
                }
            }
            let again = TicketStage.job("b", tickets: [TicketStage.ticket(1, guest: "Zoé L.", more: guest)])
            #expect(await stage.handle(again).isDone)
            let erased = try await erasure.withLock { $0 }?.value
            #expect(erased == 1)
            let names = try await stage.tickets().map(\.guestName)
            #expect(names == [nil] && stage.files().isEmpty)
        }
    }
}
