import FlotillaMessaging
import FlotillaModels
import Testing

struct RepublicationTests {
    private var hostile: Message {
        var message = Message(body: [0, 255, 1])
        message.properties.userID = "somebody-else"
        message.properties.expiration = "1"
        message.properties.deliveryMode = 1
        message.properties.replyTo = "answers"
        message.headers = [
            "x-death": .array([.table(["count": 3])]), "CC": .array(["copies"]), "BCC": .array(["blind"]),
            "x-first-death-queue": "q", "x-last-death-reason": "expired", "x-delivery-count": 4,
            "mine": .table(["nested": .bytes([0, 1])]), "traceparent": "00-a-b-01",
        ]
        return message
    }

    @Test func `what a broker would act on is set aside`() {
        let prepared = Republication.prepare(hostile)
        #expect(prepared.properties.userID == nil)
        #expect(prepared.properties.expiration == nil)
        #expect(prepared.properties.deliveryMode == 2)
        #expect(prepared.headers["CC"] == nil)
        #expect(prepared.headers["BCC"] == nil)
        #expect(!prepared.headers.entries.contains { $0.name.hasPrefix("x-") })
        #expect(prepared.headers["mine"] == hostile.headers["mine"])
        #expect(prepared.body == hostile.body)
    }

    @Test func `a round trip gives the message back but for the broker's own headers, however often`() {
        var expected = hostile
        expected.headers.entries.removeAll { $0.name.hasPrefix("x-") }
        let once = Republication.prepare(hostile)
        let twice = Republication.prepare(once)
        for prepared in [once, twice] {
            let restored = Republication.restore(prepared)
            #expect(restored.properties == expected.properties)
            #expect(Set(restored.headers.entries) == Set(expected.headers.entries))
            #expect(restored.body == expected.body)
        }
    }

    @Test func `a persistent message without anything special gains no header`() {
        var message = Message(body: [1])
        message.properties.deliveryMode = 2
        #expect(Republication.prepare(message) == message)
    }
}

struct FailedDeliveryTests {
    @Test func `a retry remembers where the message came from and when it first failed`() {
        let delivery = Delivery(
            message: Message(headers: ["first-failed-at": "then"], body: [1]),
            queue: "a.b",
            exchange: "fleet.topic",
            routingKey: "b",
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
        let failed = FailedDelivery(
            delivery: delivery,
            messageID: "given",
            failure: Failure(type: "timeout", message: "slow", isPermanent: false),
            failures: 2,
            maxAttempts: 3,
            worker: "w",
            failedAt: "now"
        )
        let retried = failed.retried(after: .seconds(1), by: DelayLadder())
        #expect(retried.exchange == "fleet.delay.23")
        #expect(retried.routingKey.hasSuffix(".a.b"))
        #expect(retried.message.properties.messageID == "given")
        #expect(retried.message.headers["retry-count"]?.integer == 2)
        #expect(retried.message.headers["first-failed-at"] == "then")
        #expect(retried.message.headers["origin-exchange"] == "fleet.topic")
        #expect(retried.message.headers["origin-routing-key"] == "b")
        let deadLettered = failed.deadLettered()
        #expect(deadLettered.exchange == "")
        #expect(deadLettered.routingKey == "dlq.a.b")
    }

    @Test func `the publisher's user stays, however often the fleet signs what it sends again`() {
        func delivered(_ message: Message) -> Delivery {
            Delivery(
                message: message,
                queue: "a.b",
                exchange: "fleet.topic",
                routingKey: "b",
                isRedelivered: false,
                token: DeliveryToken(epoch: 1, tag: 1)
            )
        }
        for user in ["shop", nil] {
            var message = Message()
            message.properties.userID = user
            for _ in 0..<3 {
                message =
                    SnoozedDelivery.returning(
                        delivered(message),
                        messageID: "m",
                        after: .seconds(1),
                        by: DelayLadder(namespace: "fleet")
                    ).message
                #expect(message.properties.userID == nil)
                message.properties.userID = "fleet"
            }
            #expect(Republication.restore(message).properties.userID == user)
        }
    }
}
