@testable import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import Testing

struct ForgedDeadLetterTests {
    @Test func `forged keys of a dead letter fit its indexes and columns`() {
        let long = FieldValue.string(String(repeating: "k", count: 10_000))
        let message = Message(headers: [
            FleetHeader.errorFingerprint: long, FleetHeader.replayOperationID: long,
            FleetHeader.retryCount: .int64(.max),
        ])
        let letter = DeadLetter(
            Delivery(
                message: message,
                queue: "dlq.a.b",
                exchange: "",
                routingKey: "dlq.a.b",
                isRedelivered: false,
                token: DeliveryToken(epoch: 1, tag: 1)
            )
        )
        #expect(letter.fingerprint == letter.failure.fingerprint)
        #expect(letter.replayOperationID == nil)
        #expect(letter.attempts <= Int(Int32.max))
    }
}
