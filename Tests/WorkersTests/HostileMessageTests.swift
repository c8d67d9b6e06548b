import FlotillaMessaging
import FlotillaModels
import WorkerTestKit
@testable import Workers
import Synchronization
import Testing

/// What a stranger can publish, and what the fleet must not do about it.
@Suite(.timeLimit(.minutes(5)))
struct HostileMessageTests {
    private func admitted(_ headers: HeaderTable) -> Intake.Admission {
        let delivery = Delivery(
            message: Message(headers: headers, body: Array("{}".utf8)),
            queue: Parcels.queue,
            exchange: "fleet.topic",
            routingKey: "parcel.sent",
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
        return Intake(queue: Parcels.topology.queues[0]).admit(delivery, now: 0)
    }

    @Test(arguments: [
        (FieldValue.int64(.max), 1_000_000_001), (.uint64(.max), 1), (.int64(.min), 1), ("many", 1), (.int8(2), 3),
    ])
    func `a forged count of retries is bounded`(count: FieldValue, attempt: Int) throws {
        guard case .admitted(let message) = admitted([FleetHeader.retryCount: count]) else {
            Issue.record("refused")
            return
        }
        #expect(message.attempt == attempt)
    }

    /// The event time that the property `timestamp` gives.
    private func occurredAt(_ timestamp: UInt64) throws -> Int64? {
        var message = Message(body: Array("{}".utf8))
        message.properties.timestamp = timestamp
        let delivery = Delivery(
            message: message,
            queue: Parcels.queue,
            exchange: "fleet.topic",
            routingKey: "parcel.sent",
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
        let admission = Intake(queue: Parcels.topology.queues[0]).admit(delivery, now: 0)
        guard case .admitted(let admitted) = admission else { throw InvalidPayload(field: "", problem: "refused") }
        #expect(admitted.original.properties.timestamp == timestamp)
        return admitted.occurredAt
    }

    @Test func `a timestamp that no clock shows is no time, and stays on the message as it is`() throws {
        for timestamp in [0, UInt64(Int64.max), .max, 1 << 62, 253_402_300_800_000] {
            #expect(try occurredAt(timestamp) == nil, "\(timestamp)")
        }
        for _ in 0..<1_000 {
            let time = try occurredAt(.random(in: 1 << 48...UInt64(Int64.max)))
            #expect(time == nil)
        }
        #expect(try occurredAt(1_769_742_000) == 1_769_742_000_000_000)
        #expect(try occurredAt(1_769_742_000_250) == 1_769_742_000_250_000)
    }

    @Test func `messages with an empty id are not duplicates of each other`() async throws {
        let fleet = try Parcels.fleet()
        for weight in 1...2 {
            var message = Message(body: Array(Parcels.body(weight).utf8))
            message.properties.messageID = ""
            try await fleet.publish(message, to: "parcel.sent")
        }
        try await fleet.waitUntilSettled()
        #expect(fleet.statements.count == 2)
    }

    @Test func `an event whose id is longer than a message id can be is a dead letter`() async throws {
        let fleet = try Parcels.fleet()
        let id = String(repeating: "i", count: 256)
        var message = Message(body: Array(Parcels.body(1).utf8))
        message.headers = ["cloudEvents_id": .string(id), "cloudEvents_type": "parcel.sent"]
        try await fleet.publish(message, to: "parcel.sent")
        try await fleet.waitUntilSettled()
        #expect(
            fleet.deadLetters(of: Parcels.queue).map(\.errorMessage) == ["id: expected at most 255 bytes, found 256"]
        )
    }

    @Test func `headers that leave no room for an error's do not keep a message from its dead-letter queue`()
        async throws
    {
        let fleet = try Parcels.fleet()
        let large = FieldValue.bytes(Array(repeating: 1, count: 130_900))
        try await fleet.publish("parcel.sent", body: "[", id: "a", headers: ["large": large, "colour": "red"])
        try await fleet.publish("parcel.sent", body: Parcels.body(1), id: "b")
        try await fleet.waitUntilSettled()
        let letter = try #require(fleet.deadLetters(of: Parcels.queue).first)
        #expect(letter.errorType == Failure.invalidPayload)
        #expect(letter.message.headers["colour"] == "red")
        #expect(letter.message.headers[FleetHeader.droppedHeaders] == .array(["large"]))
        #expect(fleet.statements == [Parcels.insert("b", 1)])
    }

    @Test func `a trace that is none is not passed on to events`() async throws {
        let fleet = try Parcels.fleet()
        let long = FieldValue.string(String(repeating: "t", count: 130_000))
        let headers: HeaderTable = [FleetHeader.traceParent: long, FleetHeader.traceState: "a=b"]
        try await fleet.publish("parcel.sent", body: Parcels.body(1), headers: headers)
        try await fleet.waitUntilSettled()
        #expect(fleet.events.map(\.message.headers) == [[FleetHeader.traceState: "a=b"]])
    }

    @Test func `an error's message of one endless character is cut by its bytes`() {
        let endless = "e" + String(repeating: "\u{301}", count: 100_000)
        let delivery = Delivery(
            message: Message(),
            queue: "a.b",
            exchange: "",
            routingKey: "a.b",
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
        let failed = FailedDelivery(
            delivery: delivery,
            messageID: "m",
            failure: Failure(type: "odd", message: endless, isPermanent: true),
            failures: 1,
            maxAttempts: 3,
            worker: "w",
            failedAt: "2026-01-30T03:00:00Z"
        )
        let text = failed.deadLettered().message.headers[FleetHeader.errorMessage]?.text
        #expect(text?.utf8.count == 1_999)
    }
}
