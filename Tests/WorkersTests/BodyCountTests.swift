import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import WorkerTestKit
@testable import Workers
import Testing

/// How long the bodies of messages are counted in the process's budget.
@Suite(.timeLimit(.minutes(3)))
struct BodyCountTests {
    private static let topology = Topology(queues: [
        QueueDefinition(
            name: Parcels.queue,
            worker: ParcelWorker.name,
            bindings: [QueueBinding(exchange: "fleet.topic", key: "parcel.sent")],
            concurrency: 1,
            timeout: .milliseconds(300),
            retry: RetryPolicy(attempts: 1)
        )
    ])

    private func fleet(_ step: @escaping ParcelWorker.Step) throws -> TestFleet {
        let fleet = try TestFleet(topology: Self.topology)
        try fleet.register(ParcelWorker(before: step))
        return fleet
    }

    private func body(_ weight: Int) -> String {
        #"{"weight": \#(weight), "note": "\#(String(repeating: "x", count: 10_000))"}"#
    }

    @Test func `a message over its time limit counts no longer once it is settled`() async throws {
        let fleet = try fleet { _, _ in
            try await Task.sleep(for: .seconds(3_600))
            return .done
        }
        try await fleet.publish("parcel.sent", body: body(1))
        try await fleet.waitUntilSettled(within: .seconds(120))
        #expect(fleet.deadLetters(of: Parcels.queue).map(\.errorType) == [Failure.timeout])
        try await eventually("nothing is counted") { fleet.bodyBudget.held == 0 }
    }

    @Test func `a message counts no longer once it is settled, although a handler that was given up still has it`()
        async throws
    {
        let release = Signal()
        let fleet = try fleet { parcel, _ in
            if parcel.weight == 2 { await release.wait() }
            return .done
        }
        for weight in 1...4 { try await fleet.publish("parcel.sent", body: body(weight), id: "\(weight)") }
        try await fleet.waitUntilSettled(within: .seconds(120))
        #expect(fleet.deadLetters(of: Parcels.queue).map(\.message.properties.messageID) == ["2"])
        try await eventually("nothing is counted") { fleet.bodyBudget.held == 0 }
        #expect(!release.hasFired)
        release.fire()
    }
}
