import FlotillaMessaging
import FlotillaModels
import FlotillaTelemetry
import FlotillaTestSupport
@testable import WorkerTestKit
@testable import Workers
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(3)))
struct GivenUpSuspectTests {
    private static let queue = QueueDefinition(
        name: "parcels.parcel.weighed",
        worker: HangingBatchWorker.name,
        bindings: [QueueBinding(exchange: "fleet.topic", key: "parcel.weighed")],
        concurrency: 1,
        timeout: .seconds(3),
        retry: RetryPolicy(attempts: 1),
        batch: QueueDefinition.Batch(size: 4, wait: .milliseconds(500))
    )

    /// Messages that were running when a process died.
    private struct Suspects: SharedCrashSuspects {
        let identities: Set<String>

        func add(_ suspects: [(identity: String, suspicion: String)]) async {}
        func find(_ identities: [String]) async -> [String?] {
            identities.map { self.identities.contains($0) ? CrashSuspicion.fresh.text : nil }
        }
        func remove(_ identities: [String]) async {}
    }

    @Test func `what stands behind a suspect whose handler never ends runs once that is given up`() async throws {
        let topology = Topology(queues: [Self.queue])
        let broker = MemoryBroker(clock: CompressedClock())
        broker.declare(topology)
        let publisher = broker.publisher(named: "test")
        let messages = (1...4).map { weight in
            var message = Message(body: Array(Parcels.body(weight).utf8))
            message.properties.messageID = "\(weight)"
            return message
        }
        for message in messages {
            let outgoing = OutgoingMessage(exchange: "fleet.topic", routingKey: "parcel.weighed", message: message)
            #expect(await publisher.publish([outgoing])[0].isConfirmed)
        }
        // A message is under suspicion only when it comes again.
        let earlier = broker.consumer(
            named: "earlier",
            of: [Subscription(queue: Self.queue.name, prefetch: 10)]
        )
        try await eventually("all are handed out") { broker.messages(in: Self.queue.name).isEmpty }
        await earlier.close()

        let suspected = messages[..<2].map { MessageIdentity(queue: Self.queue.name, message: $0).description }
        let folder = FileManager.default.temporaryDirectory.appending(path: "flotilla-test-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = Log(service: "test", threshold: .error, descriptor: -1)
        let metrics = Metrics()
        let setup = FleetSetup(
            topology: topology,
            broker: broker,
            effects: MemoryEffectStore(publisher: publisher) { _ in 1 },
            breakers: Breakers(probes: [:], metrics: metrics, log: log),
            stateFolder: folder,
            metrics: metrics,
            log: log,
            sharedSuspects: Suspects(identities: Set(suspected)),
            drain: .seconds(1)
        )
        let fleet = Fleet(setup)
        let worker = HangingBatchWorker()
        try fleet.register(worker)
        let run = Task { try await fleet.run() }
        try await eventually("the others have run", within: .seconds(120)) {
            worker.done.withLock(\.self) == [2, 3, 4]
        }
        #expect(!worker.release.hasFired)
        worker.release.fire()
        fleet.shutdown()
        try await run.value
    }
}

private final class HangingBatchWorker: BatchWorker {
    static let name = "parcels"
    static let events = ["parcel.weighed"]

    let release = Signal()
    let done = Mutex<Set<Int>>([])

    func handle(_ items: [BatchItem<Parcel>], in context: BatchContext) async throws -> [Outcome] {
        if items.contains(where: { $0.payload.weight == 1 }) {
            await release.wait()
        } else {
            done.withLock { $0.formUnion(items.map(\.payload.weight)) }
        }
        return items.map { _ in .done }
    }
}
