import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

extension FleetFaultTests {
    /// Each message may be given out 20 times: `x-delivery-limit` of the fleet's queues.
    @Test(.timeLimit(.minutes(10)))
    func `24 closed connections while Postgres is out make no dead letter`() async throws {
        let fleet = try await FleetFixture.current()
        let load = Load(count: 3_000)
        try await fleet.withWorkers { workers in
            try await fleet.publish(load, 0..<500)
            try await fleet.home.succeed("services", "stop", "--only", "postgres")
            try await fleet.publish(load, 500..<load.count)
            try await eventually("the breaker is open") {
                try await workers[0].sum(of: "flotilla_breaker_open", where: "postgres") == 1
            }
            try await fleet.closeBrokerConnections(times: 24, every: .milliseconds(1_500))
            #expect(try await workers[0].sum(of: "flotilla_breaker_open", where: "postgres") == 1)
            try await fleet.home.succeed("services", "start", "--only", "postgres")
            try await fleet.waitForEffects(of: load, within: .seconds(120))
            #expect(try await workers[0].sum(of: "flotilla_jobs_retried_total") == 0)
            #expect(try await workers[0].sum(of: "flotilla_jobs_dead_lettered_total") == 0)
            #expect(try await workers[0].sum(of: "flotilla_dlq_returned_total") == 0, "nothing came near the limit")
            // What the quotas have to tell is audited too, and comes after the views.
            try await eventually("nothing waits") {
                let waiting = (try await fleet.ready("audit.all"), try await fleet.ready("subscription.profile.viewed"))
                return waiting == (0, 0)
            }
        }
        #expect(try await fleet.fullDeadLetterQueues() == [])
        #expect(try await fleet.filedDeadLetters(of: load.word) == 0)
        #expect(try await fleet.auditedIDs(load.word) == load.count)
        #expect(try await fleet.used(load.word) == load.count)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a queue whose table is away is told by readiness and by the doctor, and the others go on`() async throws {
        let fleet = try await FleetFixture.current()
        let log = fleet.log().utf8.count
        try await fleet.withWorkers { workers in
            _ = try await fleet.pool.query(SQLStatement("ALTER TABLE audit_logs RENAME TO audit_logs_away"))
            let load = Load(count: 200)
            let result: Result<Void, any Error>
            do {
                try await fleet.publish(load)
                try await eventually("the others go on", within: .seconds(60)) {
                    try await fleet.used(load.word) == load.count
                }
                try await eventually("readiness names the queue") {
                    let body = await workers[0].readiness()?.body ?? ""
                    return body.contains("audit.all is held") && body.contains("42P01")
                }
                #expect(await workers[0].readiness()?.status == 503)
                try await eventually("the doctor names it") {
                    let output = try await fleet.home.run("doctor", environment: fleet.addresses)
                    return output.status == 1 && output.text.contains("queue audit.all: held since")
                        && output.text.contains("42P01")
                }
                result = .success(())
            } catch { result = .failure(error) }
            _ = try await fleet.pool.query(SQLStatement("ALTER TABLE audit_logs_away RENAME TO audit_logs"))
            try result.get()
            try await eventually("all is audited", within: .seconds(30)) {
                try await fleet.auditRows(load.word) == load.count
            }
            try await workers[0].waitUntilReady()
            let said = try #require(String(fleet.log().utf8.dropFirst(log)))
            let lines = said.split(separator: "\n").filter { $0.contains("the queue is held") }
            #expect(lines.count < 10, "a line now and then, and not one for each message: \(lines.count)")
            #expect(try await workers[0].sum(of: "flotilla_jobs_retried_total") == 0)
            #expect(try await workers[0].sum(of: "flotilla_jobs_dead_lettered_total") == 0)
        }
    }
}

extension FleetFixture {
    /// Has the broker close every connection, again and again.
    func closeBrokerConnections(times: Int, every interval: Duration) async throws {
        let close = "[rabbit_networking:close_connection(P, \"cut\") || P <- rabbit_networking:connections()]"
        let pause = "timer:sleep(\(Int(interval.milliseconds)))"
        try await home.evaluateOnBroker(
            "[begin \(close), \(pause) end || _ <- lists:seq(1, \(times))], ok."
        )
    }
}
