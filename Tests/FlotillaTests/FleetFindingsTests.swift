@testable import flotilla
import FlotillaMessaging
import FlotillaModels
import FlotillaOperations
import Testing

struct FleetFindingsTests {
    private static let topology = Topology(
        delay: DelayLadder(levels: 3),
        queues: [QueueDefinition(name: "a.b", worker: "w"), QueueDefinition(name: "a.c", worker: "v")]
    )

    private static func verdict(_ depths: [String: QueueDepth]) -> DoctorFinding? {
        FleetFindings.findings(topology, depths).first
    }

    @Test func `no worker at all is a failure`() {
        let found = Self.verdict([
            "a.b": QueueDepth(ready: 300, consumers: 0), "a.c": QueueDepth(ready: 0, consumers: 0),
        ])
        #expect(found?.verdict == .bad)
        #expect(found?.detail == "no worker takes any queue; 300 messages wait")
    }

    @Test func `messages before a worker that does not run are one, and an empty queue is none`() {
        let half = [
            "a.b": QueueDepth(ready: 300, consumers: 0), "a.c": QueueDepth(ready: 0, consumers: 1),
        ]
        #expect(Self.verdict(half)?.verdict == .bad)
        #expect(Self.verdict(half)?.remedy?.contains("--only w") == true)
        let empty = ["a.b": QueueDepth(ready: 0, consumers: 0), "a.c": QueueDepth(ready: 0, consumers: 1)]
        #expect(Self.verdict(empty)?.verdict == .good)
    }

    @Test func `an open breaker is a failure, but not that of an endpoint of somebody else`() {
        let found = FleetFindings.findings(of: "worker", openBreakers: ["webhook:crm", "smtp", "redis"])
        #expect(found.map(\.verdict) == [.doubtful, .bad, .bad])
        #expect(found[1].detail.contains("work that needs it waits"))
        #expect(found[2].detail.contains("work goes on without it"))
        #expect(FleetFindings.findings(of: "worker", openBreakers: []).map(\.verdict) == [.good])
    }

    @Test func `an alarm of the broker is a failure that says what it is short of`() {
        let disk = FleetFindings.findings(alarms: ["disk", "memory"])
        #expect(disk.map(\.verdict) == [.bad])
        #expect(disk.first?.detail == "RabbitMQ takes no messages: short of disk and memory")
        #expect(disk.first?.remedy == "make room on its disk")
        #expect(FleetFindings.findings(alarms: ["memory"]).first?.verdict == .bad)
        #expect(FleetFindings.findings(alarms: []).map(\.verdict) == [.good])
    }

    @Test func `a broker without queues is not the workers' fault`() {
        #expect(Self.verdict([:])?.verdict == .doubtful)
    }
}
