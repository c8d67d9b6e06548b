import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Glibc
import Testing

extension FleetFaultTests {
    @Test(.timeLimit(.minutes(10)))
    func `twenty seconds without Postgres spend no attempt, and work resumes by itself`() async throws {
        let fleet = try await FleetFixture.current()
        let load = Load(count: 20_000)
        try await fleet.withWorkers { workers in
            let publishing = Task { try await fleet.publish(load, pause: .milliseconds(400)) }
            defer { publishing.cancel() }
            try await eventually("work is under way", within: .seconds(60)) { try await fleet.used(load.word) > 0 }
            try await fleet.home.succeed("services", "stop", "--only", "postgres")
            // The length of the outage is what the promise is about.
            try await Task.sleep(for: .seconds(20))
            #expect(workers[0].process.isRunning)
            let before = try await workers[0].sum(of: "flotilla_jobs_completed_total")
            #expect(try await workers[0].sum(of: "flotilla_breaker_open", where: "postgres") == 1)
            try await fleet.home.succeed("services", "start", "--only", "postgres")
            try await eventually("work resumes", within: .seconds(10)) {
                try await workers[0].sum(of: "flotilla_jobs_completed_total") > before
            }
            try await publishing.value
            try await fleet.waitForEffects(of: load, within: .seconds(180))
            #expect(try await workers[0].sum(of: "flotilla_jobs_retried_total") == 0)
            #expect(try await workers[0].sum(of: "flotilla_jobs_dead_lettered_total") == 0)
        }
        #expect(try await fleet.waitingOnLadder() == 0)
        try await fleet.expectNothingWaits()
        #expect(try await fleet.fullDeadLetterQueues() == [])
        #expect(try await fleet.filedDeadLetters(of: load.word) == 0)
        #expect(try await fleet.auditRows(load.word) == load.count)
        #expect(try await fleet.used(load.word) == load.count)
    }

    @Test(.timeLimit(.minutes(5)))
    func `work goes on without Redis, and after it was emptied`() async throws {
        let fleet = try await FleetFixture.current()
        try await fleet.withWorkers { workers in
            try await fleet.home.succeed("services", "stop", "--only", "redis")
            let without = Load(count: 2_000)
            try await fleet.publish(without)
            try await fleet.waitForEffects(of: without, within: .seconds(60))

            try await fleet.home.succeed("services", "start", "--only", "redis")
            let redis = RedisClient(try RedisConfiguration(url: fleet.addresses["REDIS_URL"] ?? ""), name: "test")
            let emptied = Load(count: 2_000)
            try await fleet.publish(emptied, 0..<1_000)
            _ = try await redis.command(["FLUSHALL"])
            await redis.close()
            try await fleet.publish(emptied, 1_000..<2_000)
            try await fleet.waitForEffects(of: emptied, within: .seconds(60))
            #expect(try await fleet.auditRows(without.word) == 2_000)
            #expect(try await fleet.auditRows(emptied.word) == 2_000)
            #expect(try await workers[0].sum(of: "flotilla_jobs_retried_total") == 0)
            #expect(try await workers[0].sum(of: "flotilla_jobs_dead_lettered_total") == 0)
        }
        try await fleet.expectNothingWaits()
    }

    @Test(.timeLimit(.minutes(5)))
    func `a worker told to stop under load leaves in time, and nothing that it finished is delivered again`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let load = Load(count: 20_000)
        let queues = ["audit.all", "subscription.profile.viewed"]
        try await fleet.expectNothingWaits()
        let first = try fleet.worker()
        let publishing = Task { try await fleet.publish(load, pause: .milliseconds(10)) }
        defer { publishing.cancel() }
        try await eventually("work is under way", within: .seconds(60)) { try await fleet.used(load.word) >= 1_000 }
        let start = ContinuousClock.now
        let status = try await first.process.stop()
        #expect(status == 0)
        #expect(.now - start < .seconds(30), "the drain time is 30 s")
        try await publishing.value

        let done = [try await fleet.auditRows(load.word), try await fleet.used(load.word)]
        #expect(done[0] < load.count || done[1] < load.count, "it was not under load")
        let auditedBefore = try await fleet.count("SELECT count(*) FROM audit_logs")
        let waiting = [try await fleet.ready(queues[0]), try await fleet.ready(queues[1])]
        #expect(waiting[1] == load.count - done[1])
        #expect(waiting[0] >= load.count - done[0])

        try await fleet.withWorkers { workers in
            try await fleet.waitForEffects(of: load, within: .seconds(120))
            try await eventually("the second worker has settled the rest") {
                try await workers[0].sum(of: "flotilla_jobs_completed_total", where: "subscription.profile.viewed")
                    >= Double(load.count - done[1])
            }
            let handled = try await workers[0].sum(
                of: "flotilla_jobs_completed_total",
                where: "subscription.profile.viewed"
            )
            #expect(handled == Double(load.count - done[1]))
        }
        #expect(try await fleet.auditRows(load.word) == load.count)
        #expect(try await fleet.auditedIDs(load.word) == load.count)
        #expect(try await fleet.used(load.word) == load.count)
        try await fleet.expectNothingWaits()
        // Events of the fleet's own waited for the audit too; a message that came back would have made no row.
        let auditedSince = try await fleet.count("SELECT count(*) FROM audit_logs") - auditedBefore
        #expect(waiting[0] <= auditedSince)
    }
}
