import FlotillaModels
import FlotillaOperations
import Testing

@testable import flotilla

struct UndeliveredFindingsTests {
    private static let topology = Topology(
        delay: DelayLadder(levels: 2),
        queues: [QueueDefinition(name: "a.b", worker: "w"), QueueDefinition(name: "a.c", worker: "w")]
    )

    private func findings(_ counts: [String: Int], without missing: String...) -> [DoctorFinding] {
        var all = ["a.b": 0, "a.c": 0, "dlq.a.b": 0, "dlq.a.c": 0].merging(counts) { $1 }
        for name in missing { all[name] = nil }
        return UndeliveredFindings.findings(Self.topology, all)
    }

    @Test func `a broker that delivers everything is good`() {
        let found = findings(["fleet.delay.exit.A.B": 0, "fleet.delay.00": 0, "theirs": 9])
        #expect(found.map(\.verdict.rawValue) == ["ok"])
    }

    @Test func `retries for a missing queue are a failure that names it and the command that helps`() {
        let found = findings(["fleet.delay.exit.A.B": 7], without: "a.b")
        #expect(found.map(\.verdict.rawValue) == ["failed"])
        #expect(found.first?.detail == "7 retries wait for the queue a.b, which is missing")
        #expect(found.first?.remedy?.contains("topology apply") == true)
    }

    @Test func `what a queue refuses is a warning that says how to let it in`() {
        let found = findings(["fleet.delay.exit.A.C": 3, "a.c": 2])
        #expect(
            found.map(\.detail) == [
                "3 retries wait for the queue a.c, which refuses them",
                "2 dead letters wait for the queue dlq.a.c, which refuses them",
            ]
        )
        #expect(found.allSatisfy { $0.verdict.rawValue == "warning" && $0.remedy?.contains("length limit") == true })
    }

    @Test func `a level that hands on nothing is told`() {
        #expect(findings(["fleet.delay.01": 40]).first?.detail == "40 messages can't leave fleet.delay.01")
    }
}
