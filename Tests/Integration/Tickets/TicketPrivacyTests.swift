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
        try await TicketFixture.with { fixture async throws in
            let tickets = [
                TicketFixture.ticket(
                    1,
                    guest: "Zoé Lindqvist",
                    more: #", "guest_email": "Zoe.L@example.com", "guest_id": 7"#
                ),
                TicketFixture.ticket(2, guest: "Zoé Lindqvist"), TicketFixture.ticket(3, guest: "Jane Doe"),
                TicketFixture.ticket(4, guest: "Zoé Lindqvist", more: #", "guest_id": 8"#),
            ]
            let body = TicketFixture.job(tickets: tickets)
            #expect(await fixture.handle(body).isDone)
            let others = try await fixture.tickets().suffix(2).map(\.path).sorted()
            let data = TicketData(fixture.pool, fixture.store)
            var person = Person()
            person.add(DataSubject(kind: "guest", id: "7"))
            try await data.identify(&person)
            #expect(person.traces["Zoé Lindqvist"] == .name)
            #expect(person.traces["Zoe.L@example.com"] == .email)

            #expect(try await data.erase(person, isDryRun: true).total >= 2)
            #expect(fixture.files().count == 4)
            #expect(try await data.erase(person, isDryRun: false) == ErasureCount(own: 2))
            #expect(fixture.files() == others)
            let left = try await fixture.pool.query(
                SQLStatement(
                    "SELECT t::text FROM generated_tickets AS t UNION ALL SELECT l::text FROM ticket_generation_logs AS l"
                )
            ).compactMap { $0.text(0) }
            #expect(left.count { $0.contains("Lindqvist") } == 1)
            #expect(!left.contains { $0.lowercased().contains("zoe.l") })
            #expect(try await fixture.tickets().map(\.guestName) == [nil, nil, "Jane Doe", "Zoé Lindqvist"])
            #expect(try await fixture.tickets().map(\.hasFile) == [false, false, true, true])
            #expect(try await data.erase(person, isDryRun: false) == ErasureCount())

            // A late copy of the job brings nothing back.
            #expect(await fixture.handle(body, id: "late").isDone)
            #expect(await fixture.handle(TicketFixture.job("another", tickets: tickets)).isDone)
            #expect(fixture.files() == others)
        }
    }

    @Test func `who is forgotten while their page is drawn anew is not brought back`() async throws {
        try await TicketFixture.with { fixture async throws in
            let guest = #", "guest_email": "zoe@example.com", "guest_id": 7"#
            let first = TicketFixture.job("a", tickets: [TicketFixture.ticket(1, guest: "Zoé", more: guest)])
            #expect(await fixture.handle(first).isDone)
            let (pool, store) = (fixture.pool, fixture.store)
            var zoe = Person()
            zoe.add(DataSubject(kind: "guest", id: "7"))
            let person = zoe
            let erasure = Mutex<Task<ErasureCount, any Error>?>(nil)
            fixture.store.onFirstSync {
                let erasing = Task { try await TicketData(pool, store).erase(person, isDryRun: false) }
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
            let again = TicketFixture.job("b", tickets: [TicketFixture.ticket(1, guest: "Zoé L.", more: guest)])
            #expect(await fixture.handle(again).isDone)
            let erased = try await erasure.withLock { $0 }?.value
            #expect(erased == ErasureCount(own: 1))
            let names = try await fixture.tickets().map(\.guestName)
            #expect(names == [nil] && fixture.files().isEmpty)
        }
    }
}
