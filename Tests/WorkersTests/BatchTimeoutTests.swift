import FlotillaModels
import WorkerTestKit
@testable import Workers
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(3)))
struct BatchTimeoutTests {
    private static let queue = "parcels.parcel.weighed"

    private func fleet(_ worker: SlowBatchWorker, size: Int) throws -> TestFleet {
        let topology = Topology(queues: [
            QueueDefinition(
                name: Self.queue,
                worker: SlowBatchWorker.name,
                bindings: [QueueBinding(exchange: "fleet.topic", key: "parcel.weighed")],
                concurrency: 1,
                timeout: .milliseconds(500),
                batch: QueueDefinition.Batch(size: size, wait: .milliseconds(200))
            )
        ])
        let fleet = try TestFleet(topology: topology)
        try fleet.register(worker)
        return fleet
    }

    @Test func `a batch over its time limit is halved, and only the message at fault pays`() async throws {
        let worker = SlowBatchWorker(slow: [13])
        let fleet = try fleet(worker, size: 16)
        for weight in 1...16 { try await fleet.publish("parcel.weighed", body: Parcels.body(weight), id: "\(weight)") }
        try await fleet.waitUntilSettled(within: .seconds(120))
        #expect(fleet.deadLetters(of: Self.queue).map(\.message.properties.messageID) == ["13"])
        #expect(fleet.deadLetters(of: Self.queue).map(\.errorType) == [Failure.timeout])
        let done = worker.done.withLock(\.self)
        #expect(Set(done.map(\.weight)) == Set(1...16).subtracting([13]))
        #expect(done.allSatisfy { $0.attempt == 1 }, "a neighbour has paid an attempt")
    }

    @Test func `a batch whose handler ignores its cancellation is halved too`() async throws {
        let worker = SlowBatchWorker(slow: [2], ignoresCancellation: true)
        let fleet = try fleet(worker, size: 4)
        for weight in 1...4 { try await fleet.publish("parcel.weighed", body: Parcels.body(weight), id: "\(weight)") }
        try await fleet.waitUntilSettled(within: .seconds(120))
        #expect(fleet.deadLetters(of: Self.queue).map(\.message.properties.messageID) == ["2"])
        #expect(worker.done.withLock(\.self).allSatisfy { $0.attempt == 1 })
        worker.release.fire()
    }
}

private final class SlowBatchWorker: BatchWorker {
    static let name = "parcels"
    static let events = ["parcel.weighed"]

    private let slow: Set<Int>
    private let ignoresCancellation: Bool
    let release = Signal()
    let done = Mutex<[(weight: Int, attempt: Int)]>([])

    init(slow: Set<Int>, ignoresCancellation: Bool = false) {
        self.slow = slow
        self.ignoresCancellation = ignoresCancellation
    }

    func handle(_ items: [BatchItem<Parcel>], in context: BatchContext) async throws -> [Outcome] {
        if items.contains(where: { slow.contains($0.payload.weight) }) {
            if ignoresCancellation { await release.wait() }
            try await Task.sleep(for: .seconds(3_600))
        }
        done.withLock { $0 += items.map { ($0.payload.weight, $0.attempt) } }
        return items.map { _ in .done }
    }
}
