import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

/// The whole fleet behind a PgBouncer.
extension FleetTests {
    private static func bouncer(_ mode: PgBouncer.Mode, of fleet: FleetFixture) async throws -> PgBouncer {
        try await PgBouncer(mode, before: fleet.addresses["DATABASE_URL"] ?? "", sessions: 3)
    }

    private static func environment(of fleet: FleetFixture, _ bouncer: PgBouncer) -> [String: String] {
        fleet.addresses.merging(["DATABASE_URL": bouncer.url(), "FLOTILLA_QUEUES": FleetFixture.queuesFile]) { $1 }
    }

    @Test(
        .enabled(if: PgBouncer.isAvailable),
        .timeLimit(.minutes(5)),
        arguments: [["worker"], ["api"], ["migrate"], ["doctor"], ["key", "list"]]
    )
    func `a pooler in transaction mode that is not configured is refused in one line`(command: [String]) async throws {
        let fleet = try await FleetFixture.current()
        let bouncer = try await Self.bouncer(.transaction, of: fleet)
        var environment = Self.environment(of: fleet, bouncer)
        environment["PORT"] = "\(try FreePort.find())"
        let output = try await fleet.home.run(command, environment: environment)
        #expect(output.status != 0)
        let lines = (output.text + output.messages).split(separator: "\n").filter {
            $0.contains("PgBouncer") && !$0.hasPrefix("{")
        }
        #expect(lines.count == 1, "\(output.text)\(output.messages)")
        #expect(lines.first?.contains("FLOTILLA_POSTGRES_POOLER=transaction") == true)
        try await bouncer.stop()
    }

    @Test(.enabled(if: PgBouncer.isAvailable), .timeLimit(.minutes(5)), arguments: [false, true])
    func `everything works behind a pooler in transaction mode`(hasDirectURL: Bool) async throws {
        let fleet = try await FleetFixture.current()
        let bouncer = try await Self.bouncer(.transaction, of: fleet)
        var settings = ["DATABASE_URL": bouncer.url(), "FLOTILLA_POSTGRES_POOLER": "transaction"]
        if hasDirectURL { settings["DATABASE_DIRECT_URL"] = fleet.addresses["DATABASE_URL"] }
        let environment = Self.environment(of: fleet, bouncer).merging(settings) { $1 }
        try await fleet.home.succeed("migrate", environment: environment)
        let doctor = try await fleet.home.run("doctor", environment: environment)
        #expect(doctor.text.contains("pooler: sessions for a transaction"), "\(doctor.text)")
        let log = fleet.log().utf8.count
        try await fleet.withWorkers(2, settings: settings) { workers in
            let load = Load(count: 2_000)
            try await fleet.publish(load)
            try await fleet.waitForEffects(of: load, within: .seconds(120))
            // Not what a handler needs: filed by the keeper.
            try await fleet.publish(.event("profile.viewed", id: load.word + "-bad", "[1]"))
            try await eventually("a dead letter is filed", within: .seconds(60)) {
                try await fleet.filedDeadLetters(of: load.word) == 1
            }
            let job = try await fleet.home.run(
                [
                    "enqueue", "notification.email", "--output", "json", "--payload",
                    #"{"to":{"email":"\#(load.word)@example.org"},"template":"message","data":{"title":"x","body":"y"}}"#,
                ],
                environment: environment
            )
            #expect(job.status == 0, "\(job.messages)")
            struct Row: Decodable { let id: String }
            let id = try #require(try JSONDecoder().decode([Row].self, from: Data(job.text.utf8)).first?.id)
            try await eventually("the job has succeeded", within: .seconds(60)) {
                let row = try await fleet.pool.query(
                    SQLStatement("SELECT state FROM jobs WHERE id = $1", [.text(id)])
                )
                return row.first?.text(0) == "succeeded"
            }
            try await eventually("the outbox is empty", within: .seconds(60)) {
                try await fleet.count("SELECT count(*) FROM outbox WHERE not_before IS NULL") == 0
            }
            let said = try #require(String(fleet.log().utf8.dropFirst(log)))
            let retries = said.split(separator: "\n").filter {
                $0.contains("will be tried again") && $0.contains("SQLSTATE")
            }
            #expect(retries.isEmpty, "\(retries.prefix(3))")
            #expect(workers.allSatisfy { $0.process.isRunning })
            #expect(try await fleet.auditRows(load.word) >= load.count)
            #expect(try await fleet.used(load.word) == load.count)
        }
        try await bouncer.stop()
    }
}
