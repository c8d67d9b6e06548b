import FlotillaModels
import FlotillaStorage
import WorkerTestKit
@testable import Workers
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct TestFleetTests {
    @Test func `a message that is handled leaves its effect and its event, and nothing else`() async throws {
        let fleet = try Parcels.fleet()
        try await fleet.publish("parcel.sent", body: Parcels.body(4), id: "a", correlationID: "c-1")
        try await fleet.waitUntilSettled()
        #expect(fleet.statements == [Parcels.insert("a", 4)])
        #expect(fleet.events.map(\.routingKey) == ["parcel.stored"])
        #expect(fleet.events.first?.message.properties.correlationID == "c-1")
        #expect(fleet.waiting(in: Parcels.queue).isEmpty)
        #expect(fleet.deadLetters(of: Parcels.queue).isEmpty)
        try await fleet.shutdown()
    }

    @Test func `jobs that a handler enqueues are shown once it has committed, and run`() async throws {
        let topology = Topology(queues: [
            QueueDefinition(
                name: "parcels.chain",
                worker: ChainWorker.name,
                bindings: [QueueBinding(exchange: "fleet.direct", key: "chain.next")]
            )
        ])
        let fleet = try TestFleet(topology: topology)
        try fleet.register(ChainWorker())
        try await fleet.publish(
            "chain.next",
            body: #"{"left":2}"#,
            id: "a",
            correlationID: "c",
            exchange: "fleet.direct"
        )
        try await fleet.waitUntilSettled()
        #expect(fleet.jobs.map(\.routingKey) == ["chain.next", "chain.next"])
        #expect(
            fleet.jobs.map { String(decoding: $0.message.body, as: UTF8.self) } == [#"{"left":1}"#, #"{"left":0}"#]
        )
        #expect(fleet.jobs.allSatisfy { $0.message.properties.correlationID == "c" })
        let text = try #require(fleet.events.first)
        #expect(String(decoding: text.message.body, as: UTF8.self) == #"{"left":0}"#)
        #expect(text.message.properties.expiration == "5000")
        try await fleet.shutdown()
    }

    @Test func `a handler that fails twice is executed three times and leaves one effect`() async throws {
        let attempts = Mutex<[Int]>([])
        let fleet = try Parcels.fleet { _, context in
            attempts.withLock { $0.append(context.attempt) }
            if context.attempt < 3 { throw ScaleBroken() }
            return .done
        }
        try await fleet.publish("parcel.sent", body: Parcels.body(1), id: "a")
        try await fleet.waitUntilSettled()
        #expect(attempts.withLock(\.self) == [1, 2, 3])
        #expect(fleet.statements.count == 1)
        #expect(fleet.deadLetters(of: Parcels.queue).isEmpty)
    }

    @Test func `a message whose attempts are spent is a dead letter with its error and its bytes`() async throws {
        let fleet = try Parcels.fleet { _, _ in throw ScaleBroken() }
        try await fleet.publish("parcel.sent", body: Parcels.body(1), id: "a", headers: ["colour": "red"])
        try await fleet.waitUntilSettled()
        let deadLetters = fleet.deadLetters(of: Parcels.queue)
        #expect(deadLetters.map(\.attempts) == [3])
        #expect(deadLetters.first?.errorType == "scale_broken")
        #expect(deadLetters.first?.routingKey == "parcel.sent")
        #expect(deadLetters.first?.message.body == Array(Parcels.body(1).utf8))
        #expect(deadLetters.first?.message.headers == ["colour": "red"])
        #expect(fleet.statements.isEmpty)
    }

    @Test func `a permanent error spends one attempt`() async throws {
        let fleet = try Parcels.fleet { _, _ in throw PermanentError(type: "unknown_street", message: "no such street")
        }
        try await fleet.publish("parcel.sent", body: Parcels.body(1))
        try await fleet.waitUntilSettled()
        let deadLetters = fleet.deadLetters(of: Parcels.queue)
        #expect(deadLetters.map(\.attempts) == [1])
        #expect(deadLetters.map(\.errorType) == ["unknown_street"])
    }

    @Test func `an invalid payload is a dead letter that names its field, and no handler sees it`() async throws {
        let executions = Atomic(0)
        let fleet = try Parcels.fleet { _, _ in
            executions.add(1, ordering: .relaxed)
            return .done
        }
        try await fleet.publish("parcel.sent", body: #"{"weight": "heavy"}"#)
        try await fleet.waitUntilSettled()
        let letter = try #require(fleet.deadLetters(of: Parcels.queue).first)
        #expect(letter.errorType == Failure.invalidPayload)
        #expect(letter.errorMessage.hasPrefix("weight: "))
        #expect(executions.load(ordering: .relaxed) == 0)
    }

    @Test func `a message id that comes fifty times has one effect and one event`() async throws {
        let fleet = try Parcels.fleet()
        for _ in 0..<50 { try await fleet.publish("parcel.sent", body: Parcels.body(1), id: "same") }
        try await fleet.waitUntilSettled()
        #expect(fleet.statements.count == 1)
        #expect(fleet.events.count == 1)
        #expect(fleet.waiting(in: Parcels.queue).isEmpty)
    }

    @Test func `a transaction that throws publishes nothing and may be tried again`() async throws {
        let fleet = try TestFleet(topology: Parcels.topology) { statement in
            if statement.values.last == .int(13) { throw ScaleBroken() }
            return 1
        }
        try fleet.register(ParcelWorker())
        try await fleet.publish("parcel.sent", body: Parcels.body(13), id: "unlucky")
        try await fleet.publish("parcel.sent", body: Parcels.body(2), id: "lucky")
        try await fleet.waitUntilSettled()
        #expect(fleet.statements == [Parcels.insert("lucky", 2)])
        #expect(fleet.events.count == 1)
        #expect(fleet.deadLetters(of: Parcels.queue).map(\.attempts) == [3])
    }

    @Test func `a snooze spends no attempt`() async throws {
        let executions = Mutex<[Int]>([])
        let fleet = try Parcels.fleet { _, context in
            let count = executions.withLock { executions in
                executions.append(context.attempt)
                return executions.count
            }
            return count < 6 ? .snooze(.seconds(2)) : .done
        }
        try await fleet.publish("parcel.sent", body: Parcels.body(1), id: "a")
        try await fleet.waitUntilSettled()
        #expect(executions.withLock(\.self) == [1, 1, 1, 1, 1, 1])
        #expect(fleet.statements.count == 1)
    }

    @Test func `a poisoned message in a batch fails alone`() async throws {
        let fleet = try TestFleet(topology: Parcels.topology)
        try fleet.register(ParcelBatchWorker())
        for weight in 1...8 { try await fleet.publish("parcel.weighed", body: Parcels.body(weight), id: "\(weight)") }
        try await fleet.publish("parcel.weighed", body: Parcels.body(-1), id: "poison")
        try await fleet.waitUntilSettled()
        #expect(Set(fleet.statements) == Set((1...8).map { Parcels.insert("\($0)", $0) }))
        #expect(fleet.statements.count == 8)
        #expect(fleet.deadLetters(of: Parcels.batchQueue).map(\.message.properties.messageID) == ["poison"])
    }

    @Test func `a duplicate within a batch is handled once`() async throws {
        let fleet = try TestFleet(topology: Parcels.topology)
        try fleet.register(ParcelBatchWorker())
        for _ in 0..<5 { try await fleet.publish("parcel.weighed", body: Parcels.body(1), id: "same") }
        try await fleet.waitUntilSettled()
        #expect(fleet.statements == [Parcels.insert("same", 1)])
    }

    @Test func `a drain finishes what runs and leaves the rest in its queue`() async throws {
        let (started, released) = (Signal(), Signal())
        let fleet = try Parcels.fleet { _, _ in
            started.fire()
            await released.wait()
            return .done
        }
        try await fleet.publish("parcel.sent", body: Parcels.body(1), id: "runs")
        try await fleet.publish("parcel.sent", body: Parcels.body(2), id: "waits")
        try await fleet.start()
        await started.wait()
        async let stop: Void = fleet.shutdown()
        released.fire()
        try await stop
        #expect(fleet.statements.count + fleet.waiting(in: Parcels.queue).count == 2)
        #expect(fleet.statements.contains(Parcels.insert("runs", 1)))
        await #expect(throws: TestFleetError.self) { try await fleet.waitUntilSettled() }
    }

    @Test func `a message that no queue is bound for is refused`() async throws {
        let fleet = try Parcels.fleet()
        let error = await #expect(throws: TestFleetError.self) {
            try await fleet.publish("parcel.lost", body: "{}")
        }
        #expect(error?.code == .unroutable)
    }

    @Test func `what is not settled in time is named with its queue`() async throws {
        let released = Signal()
        let fleet = try Parcels.fleet { _, _ in
            await released.wait()
            return .done
        }
        try await fleet.publish("parcel.sent", body: Parcels.body(1))
        let error = await #expect(throws: TestFleetError.self) {
            try await fleet.waitUntilSettled(within: .milliseconds(50))
        }
        #expect(error?.code == .unsettled)
        #expect(error?.detail.contains("1 in \(Parcels.queue)") == true)
        released.fire()
        try await fleet.waitUntilSettled()
    }
}

/// Enqueues itself until nothing is left, and tells of that.
private struct ChainWorker: Worker {
    struct Payload: Codable, Sendable { let left: Int }

    static let name = "chain"

    func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
        _ = try await context.transaction { transaction in
            if payload.left > 0 {
                try await transaction.enqueue(try OutgoingJob("chain.next", json: Payload(left: payload.left - 1)))
            } else {
                var event = try OutgoingEvent("chain.ended", json: payload)
                event.expiration = .seconds(5)
                transaction.publish(event)
            }
        }
        return .done
    }
}
