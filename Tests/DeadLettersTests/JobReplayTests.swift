@testable import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import Testing

struct JobReplayTests {
    @Test func `a job that is sent back has its own attempts again, and one without has none but the queue's`() throws {
        for own in [FieldValue.int64(2), nil] {
            var headers: HeaderTable = [FleetHeader.jobID: "job"]
            headers[FleetHeader.retryMax] = own
            let deadLettered = failed(Message(headers: headers)).deadLettered().message
            let letter = DeadLetter(delivery(deadLettered, from: "dlq.a.b"))
            let replay = letter.replay(of: 1, operationID: "op").message
            #expect(replay.headers[FleetHeader.retryMax] == own)
            #expect(replay.headers[FleetHeader.retryCount] == nil)
        }
    }

    private func delivery(_ message: Message, from queue: String) -> Delivery {
        Delivery(
            message: message,
            queue: queue,
            exchange: "",
            routingKey: queue,
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
    }

    private func failed(_ message: Message) -> FailedDelivery {
        FailedDelivery(
            delivery: delivery(message, from: "a.b"),
            messageID: "m",
            failure: Failure(type: "timeout", message: "slow", isPermanent: false),
            failures: 2,
            maxAttempts: 3,
            worker: "w",
            failedAt: "2026-01-30T03:00:00.000Z"
        )
    }
}
