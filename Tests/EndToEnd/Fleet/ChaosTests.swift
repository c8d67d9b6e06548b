import FlotillaMessaging
import FlotillaTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

extension FleetFaultTests {
    /// Ten minutes are for a machine that is busy with other things.
    @Test(.timeLimit(.minutes(20)))
    func `every message has one effect through killed workers and restarted servers`() async throws {
        let fleet = try await FleetFixture.current()
        let load = Load(count: ChaosSize.messages)
        let filed = try await fleet.filedDeadLetters()
        let progress = Progress()
        let trouble = Trouble()

        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await fleet.publish(load, noting: progress) }
            tasks.addTask {
                for (share, service) in [(0.25, "rabbitmq"), (0.6, "postgres")] {
                    try await eventually("the moment to restart \(service)", within: .seconds(600)) {
                        Double(progress.count) >= Double(load.count) * share
                    }
                    try await fleet.home.succeed("services", "restart", service)
                }
            }
            let killing = Task { try await trouble.killWorkers(of: fleet) }
            let result: Result<Void, any Error>
            do { result = .success(try await tasks.waitForAll()) } catch { result = .failure(error) }
            trouble.end()
            try await killing.value
            try result.get()
        }
        #expect(trouble.kills >= 2, "the load was too small for any trouble")

        try await fleet.withWorkers { _ in
            try await fleet.waitForEffects(of: load, within: .seconds(600))
            try await eventually("no dead letter is on its way") { try await fleet.fullDeadLetterQueues().isEmpty }
        }
        #expect(try await fleet.auditRows(load.word) == load.count)
        #expect(try await fleet.auditedIDs(load.word) == load.count)
        for company in 0..<load.companies {
            #expect(try await fleet.used(ofCompany: load.company(company)) == load.expected(of: company))
        }
        #expect(try await fleet.filedDeadLetters() == filed)
        try await fleet.expectNothingWaits()
        let verification = try await fleet.home.run("audit", "verify")
        #expect(verification.status == 0, "\(verification.text)\(verification.messages)")
    }

    @Test func `the same message published fifty times at once has one effect`() async throws {
        let fleet = try await FleetFixture.current()
        let load = Load(count: 1)
        try await fleet.withWorkers(2) { workers in
            let broker = try fleet.broker
            try await withThrowingTaskGroup { tasks in
                for _ in 0..<50 {
                    tasks.addTask {
                        let publisher = try await broker.publisher(named: "one of fifty")
                        let result = await publisher.publish([load.message(0)])[0]
                        #expect(result.isConfirmed)
                        await publisher.close()
                    }
                }
                try await tasks.waitForAll()
            }
            for queue in ["audit.all", "subscription.profile.viewed"] {
                try await eventually("all fifty are handled", within: .seconds(60)) {
                    var handled = 0.0
                    for worker in workers {
                        handled += try await worker.sum(
                            of: "flotilla_jobs_completed_total",
                            where: "queue=\"\(queue)\""
                        )
                    }
                    return handled >= 50
                }
            }
            #expect(try await fleet.auditRows(load.word) == 1)
            #expect(try await fleet.used(load.word) == 1)
        }
    }
}

/// How many messages go through the trouble: `FLOTILLA_CHAOS_MESSAGES`, else 100,000.
private enum ChaosSize {
    static let messages = ProcessInfo.processInfo.environment["FLOTILLA_CHAOS_MESSAGES"].flatMap { Int($0) } ?? 100_000
}

/// Starts a worker and kills it two seconds later, again and again.
private final class Trouble: Sendable {
    private let state = Mutex((kills: 0, isOver: false))

    var kills: Int { state.withLock { $0.kills } }

    func end() { state.withLock { $0.isOver = true } }

    func killWorkers(of fleet: FleetFixture) async throws {
        while !state.withLock({ $0.isOver }) {
            let worker = try fleet.worker()
            try await Task.sleep(for: .seconds(2))
            worker.process.send(SIGKILL)
            #expect(try await worker.process.waitForEnd() == -SIGKILL, "it ended before it was killed")
            state.withLock { $0.kills += 1 }
        }
    }
}
