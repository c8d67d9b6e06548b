import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Glibc
import Testing

extension FleetFixture {
    /// Stops every process of Postgres where it stands, or lets all go on.
    fileprivate func signalPostgres(_ signal: CInt) throws {
        let file = home.path + "/postgres/data/postmaster.pid"
        let line = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").first
        guard let first = line.flatMap({ pid_t($0) }) else {
            throw TestSetupError(description: "no process in \(file)")
        }
        let children = try? String(contentsOfFile: "/proc/\(first)/task/\(first)/children", encoding: .utf8)
        for process in [first] + (children ?? "").split(separator: " ").compactMap({ pid_t($0) }) {
            kill(process, signal)
        }
    }

    /// No message has paid, died or got lost.
    fileprivate func expectUnspent(_ worker: FleetWorker, _ load: Load) async throws {
        #expect(try await worker.sum(of: "flotilla_jobs_retried_total") == 0)
        #expect(try await worker.sum(of: "flotilla_jobs_dead_lettered_total") == 0)
        #expect(try await fullDeadLetterQueues() == [])
        #expect(try await filedDeadLetters(of: load.word) == 0)
        #expect(try await auditRows(load.word) == load.count)
        #expect(try await used(load.word) == load.count)
    }
}

extension FleetFaultTests {
    @Test(.timeLimit(.minutes(10)))
    func `twenty seconds of a Postgres that hangs spend no attempt, and work resumes by itself`() async throws {
        let fleet = try await FleetFixture.current()
        let load = Load(count: 10_000)
        try await fleet.withWorkers(settings: ["FLOTILLA_TRANSACTION_TIMEOUT": "10s"]) { workers in
            let publishing = Task { try await fleet.publish(load, pause: .milliseconds(400)) }
            defer { publishing.cancel() }
            try await eventually("work is under way", within: .seconds(60)) { try await fleet.used(load.word) > 0 }
            try fleet.signalPostgres(SIGSTOP)
            do {
                try await eventually("the breaker opens", within: .seconds(60)) {
                    try await workers[0].sum(of: "flotilla_breaker_open", where: "postgres") == 1
                }
                // The length of the outage is what the promise is about.
                try await Task.sleep(for: .seconds(15))
                #expect(try await workers[0].sum(of: "flotilla_breaker_open", where: "postgres") == 1)
            } catch {
                try fleet.signalPostgres(SIGCONT)
                throw error
            }
            let before = try await workers[0].sum(of: "flotilla_jobs_completed_total")
            try fleet.signalPostgres(SIGCONT)
            try await eventually("work resumes", within: .seconds(30)) {
                try await workers[0].sum(of: "flotilla_jobs_completed_total") > before
            }
            try await publishing.value
            try await fleet.waitForEffects(of: load, within: .seconds(180))
            try await fleet.expectUnspent(workers[0], load)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a lock on the inbox for several times the deadline spends no attempt`() async throws {
        let fleet = try await FleetFixture.current()
        let load = Load(count: 3_000)
        try await fleet.withWorkers(settings: ["FLOTILLA_TRANSACTION_TIMEOUT": "5s"]) { workers in
            try await fleet.pool.transaction { holder in
                _ = try await holder.query(SQLStatement("LOCK TABLE inbox"))
                try await fleet.publish(load)
                try await eventually("messages have met the lock again and again", within: .seconds(300)) {
                    // The server ends a transaction that is idle for a minute.
                    _ = try await holder.query(SQLStatement("SELECT 1"))
                    let audit = try await workers[0].sum(of: "flotilla_jobs_slow_total", where: "audit.all")
                    let quota = try await workers[0].sum(of: "flotilla_jobs_slow_total", where: "profile.viewed")
                    return audit > 500 && quota > 500
                }
                try await Task.sleep(for: .seconds(15))
            }
            try await fleet.waitForEffects(of: load, within: .seconds(180))
            try await fleet.expectUnspent(workers[0], load)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a Postgres that turned read-only is told by readiness, and work resumes within ten seconds of its end`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let load = Load(count: 6_000)
        try await fleet.withWorkers { workers in
            let publishing = Task { try await fleet.publish(load, pause: .milliseconds(400)) }
            defer { publishing.cancel() }
            try await eventually("work is under way", within: .seconds(60)) { try await fleet.used(load.word) > 0 }
            let openings = try await workers[0].sum(of: "flotilla_breaker_openings_total", where: "postgres")
            try await fleet.setReadOnly("= on")
            do {
                try await eventually("readiness names the cause", within: .seconds(30), every: .milliseconds(200)) {
                    guard let answer = try await fleet.readiness(of: workers[0]), answer.status == 503 else {
                        return false
                    }
                    return answer.body.contains(#""problem":"read-only""#)
                }
                let doctor = try await fleet.home.run("doctor")
                #expect(doctor.text.contains("writes: Postgres takes none: read-only"), "\(doctor.text)")
                // The length of the outage is what flapping is measured by.
                try await Task.sleep(for: .seconds(8))
                let opened = try await workers[0].sum(of: "flotilla_breaker_openings_total", where: "postgres")
                #expect(opened - openings == 1)
                #expect(try await workers[0].sum(of: "flotilla_breaker_open", where: "postgres") == 1)
            } catch {
                try await fleet.setReadOnly("TO DEFAULT")
                throw error
            }
            let before = try await workers[0].sum(of: "flotilla_jobs_completed_total")
            try await fleet.setReadOnly("TO DEFAULT")
            // Ten seconds on a machine that does nothing else.
            try await eventually("work resumes", within: .seconds(30)) {
                try await workers[0].sum(of: "flotilla_jobs_completed_total") > before
            }
            try await eventually("it is ready", within: .seconds(30)) {
                try await fleet.readiness(of: workers[0])?.status == 200
            }
            try await publishing.value
            try await fleet.waitForEffects(of: load, within: .seconds(120))
            try await fleet.expectUnspent(workers[0], load)
        }
    }
}

extension FleetFixture {
    fileprivate func setReadOnly(_ value: String) async throws {
        _ = try await pool.query(SQLStatement("ALTER SYSTEM SET default_transaction_read_only \(value)"))
        _ = try await pool.query(SQLStatement("SELECT pg_reload_conf()"))
    }

    fileprivate func readiness(of worker: FleetWorker) async throws -> Response? {
        guard let client = try? RawClient(port: worker.port) else { return nil }
        client.send("GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return await client.response()
    }
}
