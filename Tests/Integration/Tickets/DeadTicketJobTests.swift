@testable import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
@testable import FlotillaTickets
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct DeadTicketJobTests {
    private static func letter(_ body: String, id: String) -> DeadLetter {
        var message = Message(body: Array(body.utf8))
        message.properties.messageID = id
        let delivery = Delivery(
            message: message,
            queue: TicketWorker.queue,
            exchange: "fleet.topic",
            routingKey: TicketWorker.queue,
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
        let deadLettered = FailedDelivery(
            delivery: delivery,
            messageID: id,
            failure: Failure(type: Failure.timeout, message: "took longer than 20 min", isPermanent: false),
            failures: 3,
            maxAttempts: 3,
            worker: "host-1",
            failedAt: "2026-01-30T03:00:00.000Z"
        ).deadLettered()
        return DeadLetter(
            Delivery(
                message: deadLettered.message,
                queue: deadLettered.routingKey,
                exchange: "",
                routingKey: deadLettered.routingKey,
                isRedelivered: false,
                token: DeliveryToken(epoch: 1, tag: 1)
            )
        )
    }

    private static func status(_ fixture: TicketFixture) async throws -> String? {
        try await fixture.pool.query(SQLStatement("SELECT status FROM ticket_generation_jobs"))[0].text(0)
    }

    @Test(arguments: [
        TicketFixture.job(), TicketFixture.job().replacing(#""job_id": "uuid-123", "#, with: ""),
    ])
    func `a job whose message has died does not run any more, and goes on when it is sent back`(_ body: String)
        async throws
    {
        try await TicketFixture.with { fixture async throws in
            fixture.store.fail(after: 0)
            #expect(await fixture.handle(body, id: "m").isDone == false)
            #expect(try await Self.status(fixture) == "running")
            let store = DeadLetterStore(fixture.pool)
            for _ in 0..<2 { try await store.tell(DeadTicketJobs(), of: [Self.letter(body, id: "m")]) }
            #expect(try await Self.status(fixture) == "failed")
            #expect(
                try await fixture.count("SELECT count(*) FROM ticket_generation_jobs WHERE finished_at IS NULL") == 0
            )

            fixture.store.fail(after: nil)
            #expect(await fixture.handle(body, id: "m").isDone)
            #expect(try await Self.status(fixture) == "completed")
            #expect(try await fixture.tickets().count == 1)
            // A letter that is filed late takes nothing back.
            try await store.tell(DeadTicketJobs(), of: [Self.letter(body, id: "m")])
            #expect(try await Self.status(fixture) == "completed")
        }
    }

    @Test func `a dead letter of an older content leaves the job alone`() async throws {
        try await TicketFixture.with { fixture async throws in
            fixture.store.fail(after: 0)
            #expect(await fixture.handle(TicketFixture.job()).isDone == false)
            let older = TicketFixture.job(tickets: [TicketFixture.ticket(1)])
            let unreadable = "{"
            let store = DeadLetterStore(fixture.pool)
            try await store.tell(DeadTicketJobs(), of: [Self.letter(older, id: "m"), Self.letter(unreadable, id: "n")])
            #expect(try await Self.status(fixture) == "running")
        }
    }

    @Test func `a job that failed by its tickets is not done a second time`() async throws {
        try await TicketFixture.with { fixture async throws in
            let body = TicketFixture.job(tickets: [#""nonsense""#])
            for id in ["m", "n"] { #expect(await fixture.handle(body, id: id).isDone) }
            #expect(try await Self.status(fixture) == "failed")
            #expect(try await fixture.events().count == 1)
        }
    }
}
