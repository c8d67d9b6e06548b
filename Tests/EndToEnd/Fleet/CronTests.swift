import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

extension FleetTests {
    /// The fleet's queue file with cron entries at its end.
    private func queues(_ section: String, of word: String, in fleet: FleetFixture) throws -> String {
        let path = fleet.home.path + "/\(word).yaml"
        let text = try String(contentsOfFile: FleetFixture.queuesFile, encoding: .utf8)
        try (text + "\ncron:\n" + section).write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// How many seconds apart the nominal times of an entry's jobs are.
    private func steps(_ name: String, in fleet: FleetFixture) async throws -> [Int64] {
        let rows = try await fleet.pool.query(
            SQLStatement(
                """
                SELECT extract(epoch FROM nominal_at - lag(nominal_at) OVER (ORDER BY nominal_at))::bigint FROM jobs
                WHERE cron_name = $1 ORDER BY nominal_at
                """,
                [.text(name)]
            )
        )
        return rows.compactMap { $0.int(0) }
    }

    @Test(.timeLimit(.minutes(3)))
    func `two processes run a cron entry every second, once each, though one is killed; it is paused and triggered`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let name = "beat-\(word)"
        let entry = "  \(name): { type: audit.write, schedule: \"@every 1s\", payload: { action: \(word) } }\n"
        let environment = ["FLOTILLA_QUEUES": try queues(entry, of: word, in: fleet)]
        let first = try fleet.worker(settings: environment)
        try await fleet.withWorkers(1, settings: environment) { _ in
            func ended() async throws -> Int {
                try await fleet.count(
                    "SELECT count(*) FROM jobs WHERE cron_name = $1 AND state = 'succeeded'",
                    .text(name)
                )
            }
            try await first.waitUntilReady()
            try await eventually("some have run", within: .seconds(60)) { try await ended() >= 4 }
            first.process.send(SIGKILL)
            let before = try await ended()
            try await eventually("others run", within: .seconds(60)) { try await ended() >= before + 4 }
            let list = try await fleet.home.run("cron", "list")
            #expect(list.text.contains(name) && list.text.contains("@every 1s"))
            try await fleet.home.succeed("cron", "pause", name, "--note", "enough", environment: environment)
            let shown = try await fleet.home.run("cron", "show", name)
            #expect(shown.text.contains("paused") && shown.text.contains("enough"))
            try await eventually("all have ended") {
                try await fleet.count(
                    "SELECT count(*) FROM jobs WHERE cron_name = $1 AND finished_at IS NULL",
                    .text(name)
                ) == 0
            }
            let runs = try await ended()
            // A job that is skipped since the one before is unfinished leaves a gap; no second has two.
            #expect(try await steps(name, in: fleet).allSatisfy { $0 >= 1 })
            #expect(try await steps(name, in: fleet).count == runs - 1)
            try await fleet.home.succeed("cron", "trigger", name, environment: environment)
            try await eventually("it has run once more") { try await ended() == runs + 1 }
            let acts = """
                SELECT count(*) FROM audit_logs WHERE event = 'operator.acted' AND body LIKE '%cron.%' AND body LIKE $1
                """
            try await eventually("the audit log has what was done") {
                try await fleet.count(acts, .text("%\(name)%")) == 2
            }
        }
    }

    @Test func `mistakes of cron entries are told with their lines, and nothing starts`() async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let path = try queues("  a: { type: no.such, schedule: \"61 * * * *\", zone: Nowhere }\n", of: word, in: fleet)
        let output = try await fleet.home.run("worker", environment: ["FLOTILLA_QUEUES": path])
        #expect(output.status == 2)
        for text in [
            "no queue takes jobs of type 'no.such'", "minute: '61' is out of range, 0 to 59", "'Nowhere' is no",
        ] {
            #expect(output.messages.contains(text), "\(output.messages)")
        }
    }
}
