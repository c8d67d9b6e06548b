import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Glibc
import Testing

/// Workers on a machine whose clock is wrong.
extension FleetFaultTests {
    /// What makes the clock of a program forty days ahead. Its timers rarely fire then, so batches wait too long.
    private static let fortyDaysAhead: [String: String]? = {
        #if arch(arm64)
            let folder = "/usr/lib/aarch64-linux-gnu"
        #else
            let folder = "/usr/lib/x86_64-linux-gnu"
        #endif
        let library = folder + "/faketime/libfaketime.so.1"
        guard FileManager.default.fileExists(atPath: library) else { return nil }
        return ["LD_PRELOAD": library, "FAKETIME": "+40d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"]
    }()

    private static let canFake = fortyDaysAhead != nil || ProcessInfo.processInfo.environment["CI"] != nil

    /// A worker by way of `env`, on which the library leaves what it would else put into the environment: Swift finds its
    /// arguments no more once the environment has moved.
    private static func worker(of fleet: FleetFixture, _ settings: [String: String]) throws -> FleetWorker {
        let port = try FreePort.find()
        let environment = fleet.addresses.merging(["FLOTILLA_QUEUES": FleetFixture.queuesFile]) { $1 }
        let process = try WorkerProcess(
            program: URL(filePath: "/usr/bin/env"),
            arguments: [
                TestServers.programs.appending(path: "flotilla").path, "worker", "--probe-port", "\(port)",
            ],
            environment: environment.merging(settings) { $1 },
            log: URL(filePath: fleet.logPath)
        )
        return FleetWorker(process: process, port: port)
    }

    @Test(.enabled(if: canFake), .timeLimit(.minutes(5)))
    func `a worker forty days ahead ends no subscription and is told of its clock`() async throws {
        let fleet = try await FleetFixture.current()
        let settings = try #require(Self.fortyDaysAhead, "libfaketime is not installed")
        let company = TestServers.uniqueWord() + "-company"
        _ = try await fleet.pool.query(
            SQLStatement(
                """
                INSERT INTO subscriptions (id, company_id, plan, status, period_start, period_end, told_at)
                VALUES ($1, $1, 'pro', 'active', now() - interval '20 days', now() + interval '1 day', now())
                """,
                [.text(company)]
            )
        )
        let log = fleet.log().utf8.count
        let worker = try Self.worker(of: fleet, settings)
        let passed: Result<Void, any Error>
        do {
            try await worker.waitUntilReady()
            // The pass that warns of the end comes after the one that ends.
            try await eventually("the scheduler has passed", within: .seconds(60)) {
                try await fleet.count(
                    "SELECT count(*) FROM subscription_notices WHERE subscription_id = $1",
                    .text(company)
                ) > 0
            }
            try await eventually("the skew is shown") {
                abs(try await worker.sum(of: "flotilla_clock_skew_seconds", where: "postgres") - 40 * 86_400) < 60
            }
            // What happens now is now, whatever the worker's machine shows.
            let id = company + "-view"
            try await fleet.publish(.event("profile.viewed", id: id, #"{"companyId":"\#(company)"}"#))
            let audited = """
                SELECT count(*) FROM audit_logs WHERE message_id = $1 AND recorded_at < now() + interval '1 minute'
                AND occurred_at < now() + interval '1 minute'
                """
            let counted = """
                SELECT count(*) FROM quotas WHERE company_id = $1 AND used = 1
                AND now() BETWEEN period_start AND period_end
                """
            try await eventually("a view is recorded, and counted in the period of now", within: .seconds(60)) {
                // A timer may be late under the library: the next message ends the wait of a batch that is not full.
                try await fleet.publish(.event("profile.viewed", id: nil, #"{"companyId":"\#(company)-other"}"#))
                let rows = try await fleet.count(audited, .text(id))
                return try await fleet.count(counted, .text(company)) == 1 && rows == 1
            }
            passed = .success(())
        } catch { passed = .failure(error) }
        // It would drain by timers.
        worker.process.send(SIGKILL)
        _ = try await worker.process.waitForEnd()
        try passed.get()
        let status = try await fleet.pool.query(
            SQLStatement("SELECT status FROM subscriptions WHERE id = $1", [.text(company)])
        )
        #expect(status.first?.text(0) == "active")
        let said = fleet.log().utf8.dropFirst(log)
        #expect(String(said)?.contains("this machine's clock differs from the database's") == true)
        let doctor = try await Program.output(
            of: "/usr/bin/env",
            [TestServers.programs.appending(path: "flotilla").path, "doctor"],
            environment: fleet.addresses.merging(settings) { $1 }.merging(["FLOTILLA_HOME": fleet.home.path]) { $1 }
        )
        #expect(doctor.text.contains("s ahead of the database's"), "\(doctor.text)")
    }
}
