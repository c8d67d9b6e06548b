@testable import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import Testing

struct DeadLetterTests {
    private func delivery(_ message: Message, from queue: String = "dlq.a.b", exchange: String = "") -> Delivery {
        Delivery(
            message: message,
            queue: queue,
            exchange: exchange,
            routingKey: queue,
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
    }

    /// As the runtime dead-letters it, after `failures` failed executions.
    private func deadLettered(_ message: Message, failures: Int = 3, at time: String = "2026-01-30T03:00:00.000Z")
        -> Delivery
    {
        let original = Delivery(
            message: message,
            queue: "a.b",
            exchange: "fleet.topic",
            routingKey: "profile.viewed",
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
        let failed = FailedDelivery(
            delivery: original,
            messageID: message.properties.messageID ?? "given",
            failure: Failure(type: "timeout", message: "no answer in 30 s", isPermanent: false),
            failures: failures,
            maxAttempts: 3,
            worker: "host-1",
            failedAt: time
        )
        return delivery(failed.deadLettered().message)
    }

    private func died(_ reason: String, _ message: Message = Message(), count: Int64 = 1) -> Delivery {
        var message = message
        let foreign: HeaderTable = ["queue": "other", "reason": "rejected", "count": 9]
        let own: HeaderTable = [
            "queue": "a.b", "reason": .string(reason), "count": .int64(count), "exchange": "fleet.topic",
            "routing-keys": .array(["profile.viewed"]), "time": .timestamp(1_769_742_000), "original-expiration": "500",
        ]
        message.headers[FleetHeader.brokerDeath] = .array([.table(foreign), .table(own)])
        message.headers["x-first-death-reason"] = .string(reason)
        return delivery(message)
    }

    private var publishedWithEverything: Message {
        var message = Message(headers: ["nested": .table(["a": .array([.bytes([0, 255])])]), "CC": .array(["x"])])
        message.body = [0, 255, 10]
        message.properties.messageID = "m-1"
        message.properties.userID = "guest"
        message.properties.expiration = "60000"
        message.properties.priority = 4
        message.properties.deliveryMode = 1
        message.properties.contentType = "application/octet-stream"
        return message
    }

    @Test func `what the fleet dead-lettered has its error, attempts, times and where it came from`() {
        let deadLetter = DeadLetter(deadLettered(publishedWithEverything))
        #expect(deadLetter.queue == "a.b")
        #expect(deadLetter.event == "profile.viewed")
        #expect(deadLetter.exchange == "fleet.topic")
        #expect(deadLetter.routingKey == "profile.viewed")
        #expect(deadLetter.failure.type == "timeout")
        #expect(deadLetter.failure.message == "no answer in 30 s")
        #expect(deadLetter.fingerprint == deadLetter.failure.fingerprint)
        #expect(deadLetter.attempts == 3)
        #expect(deadLetter.worker == "host-1")
        #expect(deadLetter.firstFailedAt == 1_769_742_000_000_000)
        #expect(deadLetter.lastFailedAt == deadLetter.firstFailedAt)
        #expect(deadLetter.original == publishedWithEverything)
    }

    @Test(arguments: ["delivery_limit", "expired", "rejected", "maxlen", "something new"])
    func `what the broker dead-lettered tells its reason and its origin`(reason: String) {
        let deadLetter = DeadLetter(died(reason, publishedWithEverything, count: 7))
        #expect(deadLetter.failure.type == reason)
        #expect(!deadLetter.failure.message.isEmpty)
        #expect(deadLetter.exchange == "fleet.topic")
        #expect(deadLetter.routingKey == "profile.viewed")
        #expect(deadLetter.lastFailedAt == 1_769_742_000_000_000)
        #expect(deadLetter.worker == nil)
        // The broker's count is never counted with.
        #expect(deadLetter.attempts == 0)
    }

    @Test func `the broker's reason counts over an earlier failure, whose beginning is kept`() {
        var message = deadLettered(publishedWithEverything, failures: 1).message
        message = died("delivery_limit", message).message
        let deadLetter = DeadLetter(delivery(message))
        #expect(deadLetter.failure.type == "delivery_limit")
        #expect(deadLetter.attempts == 1)
        #expect(deadLetter.firstFailedAt == 1_769_742_000_000_000)
    }

    @Test func `a message that somebody put there without a word is a dead letter all the same`() {
        var message = Message(headers: [FleetHeader.brokerDeath: "nonsense", FleetHeader.retryCount: "many"])
        message.body = [1]
        let deadLetter = DeadLetter(delivery(message))
        #expect(deadLetter.queue == "a.b")
        #expect(deadLetter.exchange == "" && deadLetter.routingKey == "a.b")
        #expect(deadLetter.failure.type == "unknown")
        #expect(deadLetter.attempts == 0)
        #expect(deadLetter.firstFailedAt == nil)
    }

    @Test func `copies of one message share a key; another body, queue or replay has another`() {
        let key = DeadLetter(deadLettered(publishedWithEverything)).filingKey
        #expect(
            DeadLetter(deadLettered(publishedWithEverything, failures: 1, at: "2027-01-01T00:00:00Z")).filingKey == key
        )
        var other = publishedWithEverything
        other.body = [1]
        #expect(DeadLetter(deadLettered(other)).filingKey != key)
        #expect(DeadLetter(delivery(deadLettered(publishedWithEverything).message, from: "dlq.a.c")).filingKey != key)
        var replayed = publishedWithEverything
        replayed.headers[FleetHeader.replayOperationID] = "op"
        #expect(DeadLetter(deadLettered(replayed)).filingKey != key)
    }

    @Test func `equal messages without an id are told apart, so that none is lost`() {
        let delivery = died("expired")
        #expect(DeadLetter(delivery).filingKey != DeadLetter(delivery).filingKey)
    }

    @Test func `a replay goes straight to its queue, with a clean slate and where it came from`() {
        let deadLetter = DeadLetter(deadLettered(publishedWithEverything))
        let replay = deadLetter.replay(of: 42, operationID: "op-1")
        #expect(replay.exchange == "")
        #expect(replay.routingKey == "a.b")
        let headers = replay.message.headers
        #expect(FleetHeader.failure.allSatisfy { headers[$0] == nil })
        #expect(headers[FleetHeader.originExchange] == "fleet.topic")
        #expect(headers[FleetHeader.originRoutingKey] == "profile.viewed")
        #expect(headers[FleetHeader.replayOf] == 42)
        #expect(headers[FleetHeader.replayOperationID] == "op-1")
        #expect(replay.message.body == publishedWithEverything.body)
        #expect(replay.message.properties.messageID == "m-1")
        #expect(replay.message.properties.priority == 4)
    }

    @Test func `a replay repeats nothing that the broker acts on, and the handler finds all of it`() {
        for dead in [deadLettered(publishedWithEverything), died("rejected", publishedWithEverything)] {
            let message = DeadLetter(dead).replay(of: 42, operationID: "op-1").message
            #expect(message.properties.userID == nil)
            #expect(message.properties.expiration == nil)
            #expect(message.properties.deliveryMode == 2)
            #expect(message.headers["CC"] == nil)
            #expect(message.headers[FleetHeader.brokerDeath] == nil)
            #expect(message.headers["x-first-death-reason"] == nil)
            var seen = Republication.restore(message)
            #expect(seen.headers[FleetHeader.replayOf] == 42)
            seen.headers[FleetHeader.replayOf] = nil
            seen.headers[FleetHeader.replayOperationID] = nil
            #expect(Set(seen.headers.entries) == Set(publishedWithEverything.headers.entries))
            #expect(seen.properties == publishedWithEverything.properties)
        }
    }

    @Test func `the time to live that the broker took off an expired message is not forgotten`() {
        let message = DeadLetter(died("expired")).replay(of: 1, operationID: "op").message
        #expect(message.properties.expiration == nil)
        #expect(Republication.restore(message).properties.expiration == "500")
    }
}
