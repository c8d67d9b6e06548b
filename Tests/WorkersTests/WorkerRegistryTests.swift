import FlotillaModels
@testable import Workers
import Testing

struct WorkerRegistryTests {
    private struct Payload: Decodable, Sendable {}

    private struct Viewer: Worker {
        static let name = "quota"
        static let events = ["profile.viewed"]
        func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome { .done }
    }

    private struct Payer: Worker {
        static let name = "quota"
        static let events = ["payment.succeeded"]
        func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome { .done }
    }

    private func queue(_ name: String, _ worker: String) -> QueueDefinition {
        QueueDefinition(name: name, worker: worker)
    }

    @Test func `a queue goes to the worker that its line names, by its event`() throws {
        var registry = WorkerRegistry()
        try registry.add(SingleHandler(implementation: Viewer()))
        try registry.add(SingleHandler(implementation: Payer()))
        let queues = [
            queue("subscription.profile.viewed", "quota"), queue("subscription.payment.succeeded", "quota"),
            queue("subscription.token.used", "quota"), queue("audit.all", "audit"),
        ]
        let (assigned, unassigned) = try registry.assign(queues, only: nil)
        #expect(assigned.map(\.0.event) == ["profile.viewed", "payment.succeeded"])
        #expect(assigned.map(\.1.events) == [["profile.viewed"], ["payment.succeeded"]])
        #expect(unassigned.map(\.name) == ["subscription.token.used", "audit.all"])
    }

    @Test func `the same worker and event twice is refused`() throws {
        var registry = WorkerRegistry()
        try registry.add(SingleHandler(implementation: Viewer()))
        #expect(throws: FleetError.self) { try registry.add(SingleHandler(implementation: Viewer())) }
    }

    @Test func `a worker's event without a queue, and an unknown name to run, are refused`() throws {
        var registry = WorkerRegistry()
        try registry.add(SingleHandler(implementation: Viewer()))
        #expect(throws: FleetError.self) { try registry.assign([queue("a.payment.succeeded", "quota")], only: nil) }
        #expect(throws: FleetError.self) {
            try registry.assign([queue("a.profile.viewed", "quota")], only: ["quotas"])
        }
    }

    @Test func `an unknown name to run is answered with all that the queues know`() throws {
        var registry = WorkerRegistry()
        try registry.add(SingleHandler(implementation: Viewer()))
        let queues = [queue("a.profile.viewed", "quota"), queue("b.user.created", "notifications")]
        let error = #expect(throws: FleetError.self) { try registry.assign(queues, only: ["notification"]) }
        #expect(error?.detail == "no worker is called 'notification'; there are notifications, quota")
    }
}
