import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import Synchronization
import Testing
import WorkerTestKit

@testable import Workers

/// How often the handler of a job is executed that brings its own number of attempts along. The queues allow three.
@Suite(.timeLimit(.minutes(5)))
struct JobAttemptsTests {
    /// The attempts of one message that always fails, and how many its dead letter has on record.
    private func attempts(_ headers: HeaderTable) async throws -> (seen: [Int], limits: Set<Int>, letter: Int?) {
        let seen = Mutex<[Int]>([])
        let limits = Mutex<Set<Int>>([])
        let fleet = try Parcels.fleet { _, context in
            seen.withLock { $0.append(context.attempt) }
            limits.withLock { _ = $0.insert(context.maxAttempts) }
            throw ScaleBroken()
        }
        try await fleet.publish("parcel.sent", body: Parcels.body(1), headers: headers)
        try await fleet.waitUntilSettled()
        return (seen.withLock(\.self), limits.withLock(\.self), fleet.deadLetters(of: Parcels.queue).first?.attempts)
    }

    @Test(arguments: [1, 2, 5])
    func `a job is executed as often as it says, and then is a dead letter`(own: Int) async throws {
        let headers: HeaderTable = [FleetHeader.jobID: "job", FleetHeader.retryMax: .int64(Int64(own))]
        let attempts = try await attempts(headers)
        #expect(attempts.seen == Array(1...own))
        #expect(attempts.limits == [own])
        #expect(attempts.letter == own)
    }

    @Test(arguments: [
        FieldValue.int64(0), .int64(-1), .int64(101), .int64(.max), .int64(.min), .uint64(.max), "1", "many",
        .double(1), .boolean(true), .void, .bytes([1]), .array([1]), .table(["a": 1]),
    ])
    func `a number that no enqueue would take leaves the queue's in force`(forged: FieldValue) async throws {
        let attempts = try await attempts([FleetHeader.jobID: "job", FleetHeader.retryMax: forged])
        #expect(attempts.seen == [1, 2, 3])
        #expect(attempts.limits == [3])
        #expect(attempts.letter == 3)
    }

    @Test(arguments: [HeaderTable(), [FleetHeader.jobID: 7]])
    func `a number on what is no job leaves the queue's in force`(headers: HeaderTable) async throws {
        var headers = headers
        headers[FleetHeader.retryMax] = 1
        #expect(try await attempts(headers).seen == [1, 2, 3])
    }

    @Test func `each job of a batch has its own number, and the others have the queue's`() async throws {
        let fleet = try TestFleet(topology: Parcels.topology)
        try fleet.register(FailingBatchWorker())
        for (id, own) in [("a", 1), ("b", 2), ("c", nil), ("d", 5)] as [(String, Int64?)] {
            var headers = HeaderTable()
            if let own { headers = [FleetHeader.jobID: .string(id), FleetHeader.retryMax: .int64(own)] }
            try await fleet.publish("parcel.weighed", body: Parcels.body(1), id: id, headers: headers)
        }
        try await fleet.waitUntilSettled()
        let deadLetters = fleet.deadLetters(of: Parcels.batchQueue)
        let attempts = deadLetters.map { ($0.message.properties.messageID ?? "", $0.attempts) }
        #expect(Dictionary(attempts) { $1 } == ["a": 1, "b": 2, "c": 3, "d": 5])
        #expect(deadLetters.count == 4)
    }

    @Test func `a failed event says how many executions its queue allows`() {
        #expect(FailedDelivery.example(Message()).deadLettered().message.headers[FleetHeader.retryMax] == .int32(3))
    }
}

private struct FailingBatchWorker: BatchWorker {
    static let name = "parcels"
    static let events = ["parcel.weighed"]

    func handle(_ items: [BatchItem<Parcel>], in context: BatchContext) async throws -> [Outcome] {
        throw ScaleBroken()
    }
}
