@testable import FlotillaMessaging
import FlotillaModels
import Testing

struct PublishLimitsTests {
    private let limits = PublishLimits(user: "fleet", maximumFrameSize: 131_072)

    private func refusal(_ change: (inout OutgoingMessage) -> Void) -> String? {
        var message = OutgoingMessage(exchange: "e", routingKey: "k", message: Message(body: [1]))
        change(&message)
        return limits.refusal(of: message)
    }

    @Test func `an ordinary message passes`() {
        #expect(refusal { $0.message.headers = ["a": .array(["nested"])] } == nil)
        #expect(refusal { $0.message.properties.userID = "fleet" } == nil)
        #expect(refusal { $0.message.properties.expiration = "60000" } == nil)
        #expect(refusal { $0.message.headers = ["CC": .array(["a", "b"])] } == nil)
    }

    @Test func `what would end the channel is refused before it is sent`() {
        let long = String(repeating: "x", count: 256)
        #expect(refusal { $0.exchange = long } != nil)
        #expect(refusal { $0.routingKey = long } != nil)
        #expect(refusal { $0.message.properties.messageID = long } != nil)
        #expect(refusal { $0.message.headers = [long: 1] } != nil)
        #expect(refusal { $0.message.properties.userID = "somebody" } != nil)
        #expect(refusal { $0.message.properties.expiration = "soon" } != nil)
        #expect(refusal { $0.message.headers = ["CC": "not a list"] } != nil)
        #expect(refusal { $0.message.headers = ["big": .bytes(Array(repeating: 0, count: 131_072))] } != nil)
    }

    @Test func `headers nested beyond reason are refused`() {
        var value = FieldValue.table(["end": 1])
        for _ in 0..<1_000 { value = .table(["next": value]) }
        #expect(refusal { $0.message.headers = ["deep": value] } != nil)
    }
}
