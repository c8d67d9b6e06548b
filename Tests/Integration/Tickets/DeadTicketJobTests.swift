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
        let buried = FailedDelivery(
            delivery: delivery,
            messageID: id,
            failure: Failure(type: Failure.timeout, message: "took longer than 20 min", isPermanent: false),
            failures: 3,
            maxAttempts: 3,
            worker: "host-1",
            failedAt: "2026-01-30T03:00:00.000Z"
        ).buried()
        return DeadLetter(
            Delivery(
                message: buried.message,
                queue: buried.routingKey,
                exchange: "",
                routingKey: buried.routingKey,
                isRedelivered: false,
                token: DeliveryToken(epoch: 1, tag: 1)
            )
        )
    }

    private static func status(_ stage: TicketStage) async throws -> String? {
        try await stage.pool.query(SQLStatement("SELECT status FROM ticket_generation_jobs"))[0].text(0)
    }

    @Test(arguments: [
        TicketStage.job(), TicketStage.job().replacing(#""job_id": "uuid-123", "#, with: ""),
    ])
    func `a job whose message has died does not run any more, and goes on when it is sent back`(_ body: String)
        async throws
    {
        try await TicketStage.with { stage async throws in
            stage.store.fail(after: 0)
            #expect(await stage.handle(body, id: "m").isDone == false)
            #expect(try await Self.status(stage) == "running")
            let files = DeadLetters(stage.pool)
            for _ in 0..<2 { try await files.tell(DeadTicketJobs(), of: [Self.letter(body, id: "m")]) }
            #expect(try await Self.status(stage) == "failed")
            #expect(try await stage.count("SELECT count(*) FROM ticket_generation_jobs WHERE finished_at IS NULL") == 0)

            stage.store.fail(after: nil)
            #expect(await stage.handle(body, id: "m").isDone)
            #expect(try await Self.status(stage) == "completed")
            #expect(try await stage.tickets().count == 1)
            // A letter that is filed late takes nothing back.
            try await files.tell(DeadTicketJobs(), of: [Self.letter(body, id: "m")])
            #expect(try await Self.status(stage) == "completed")
        }
    }

    @Test func `a dead letter of an older content leaves the job alone`() async throws {
        try await TicketStage.with { stage async throws in
            stage.store.fail(after: 0)
            #expect(await stage.handle(TicketStage.job()).isDone == false)
            let older = TicketStage.job(tickets: [TicketStage.ticket(1)])
            let unreadable = "{"
            let files = DeadLetters(stage.pool)
            try await files.tell(DeadTicketJobs(), of: [Self.letter(older, id: "m"), Self.letter(unreadable, id: "n")])
            #expect(try await Self.status(stage) == "running")
        }
    }

    @Test func `a job that failed by its tickets is not done a second time`() async throws {
        try await TicketStage.with { stage async throws in
            let body = TicketStage.job(tickets: [#""nonsense""#])
            for id in ["m", "n"] { #expect(await stage.handle(body, id: id).isDone) }
            #expect(try await Self.status(stage) == "failed")
            #expect(try await stage.events().count == 1)
        }
    }
}
