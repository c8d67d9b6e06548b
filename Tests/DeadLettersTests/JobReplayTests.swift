@testable import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import Testing

struct JobReplayTests {
    @Test func `a job that is sent back has its own attempts again, and one without has none but the queue's`() throws {
        for own in [FieldValue.int64(2), nil] {
            var headers: HeaderTable = [FleetHeader.jobID: "job"]
            headers[FleetHeader.retryMax] = own
            let deadLettered = FailedDelivery.example(Message(headers: headers)).deadLettered().message
            let letter = DeadLetter(Delivery.example(deadLettered, from: "dlq.a.b"))
            let replay = letter.replay(of: 1, operationID: "op").message
            #expect(replay.headers[FleetHeader.retryMax] == own)
            #expect(replay.headers[FleetHeader.retryCount] == nil)
        }
    }
}
