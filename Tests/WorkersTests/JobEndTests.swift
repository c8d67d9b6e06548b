import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
@testable import WorkerTestKit
@testable import Workers
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct JobEndTests {
    /// Carries out one job whose end meets `problems`, one after the other; returns how often its handler ran.
    private func executions(meeting problems: [PostgresError]) async throws -> Int {
        let broker = MemoryBroker()
        broker.declare(Parcels.topology)
        let folder = FileManager.default.temporaryDirectory.appending(path: "flotilla-test-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = Log(service: "test", threshold: .error, descriptor: -1)
        let metrics = Metrics()
        let fleet = Fleet(
            FleetSetup(
                topology: Parcels.topology,
                broker: broker,
                effects: FailingEffects(problems),
                breakers: Breakers(probes: [:], metrics: metrics, log: log),
                stateFolder: folder,
                metrics: metrics,
                log: log,
                drain: .seconds(1)
            )
        )
        let worker = CountingWorker()
        try fleet.register(worker)
        let message = Message(headers: [FleetHeader.jobID: "job"], body: Array(Parcels.body(1).utf8))
        let outgoing = OutgoingMessage(exchange: "fleet.topic", routingKey: "parcel.sent", message: message)
        let publisher = broker.publisher(named: "test")
        #expect(await publisher.publish([outgoing])[0].isConfirmed)
        let run = Task { try await fleet.run() }
        let deadline = ContinuousClock.now + .seconds(10)
        // Nothing counts as under way before the fleet consumes.
        while worker.count.value.load(ordering: .relaxed) == 0 || !broker.underway.isEmpty, .now < deadline {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(broker.underway.isEmpty)
        fleet.shutdown()
        try await run.value
        return worker.count.value.load(ordering: .relaxed)
    }

    @Test func `a job that is done does not run again while Postgres is out`() async throws {
        let outage = PostgresError.unavailable("query", "the connection was lost")
        #expect(try await executions(meeting: [outage, outage]) == 1)
    }

    @Test func `a job's end that Postgres refuses for itself does not run the job for ever`() async throws {
        let refusal = PostgresError(code: .sqlState("22003"), operation: "query", detail: "integer out of range")
        #expect(try await executions(meeting: Array(repeating: refusal, count: 1_000)) == 1)
    }
}

private final class Count: Sendable {
    let value = Atomic(0)
}

private struct CountingWorker: Worker {
    static let name = "parcels"
    static let events = ["parcel.sent"]
    let count = Count()

    func handle(_ parcel: Parcel, in context: MessageContext) async throws -> Outcome {
        count.value.add(1, ordering: .relaxed)
        return .done
    }
}

private final class FailingEffects: EffectStore {
    private let problems: Mutex<[PostgresError]>

    init(_ problems: [PostgresError]) { self.problems = Mutex(problems) }

    func transaction(
        consumer: String,
        messageIDs: [String],
        jobs: [String?],
        first: [SQLStatement],
        _ body: (any EffectStoreTransaction, [Bool], [SQLResult]) async throws -> Void
    ) async throws {}

    func start(jobs attempts: [String: Int]) async throws -> Set<String> { [] }

    func execute(_ statements: [SQLStatement]) async throws {
        let problem = problems.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let problem { throw problem }
    }
}
