import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

extension FleetTests {
    struct AuditPrivacyTests {
        private static let address = "nour.benali@example.com"

        @Test(.timeLimit(.minutes(5)))
        func `who is forgotten is gone from queues of dead letters and tables, and the chain still verifies`()
            async throws
        {
            let fleet = try await FleetFixture.current()
            let environment = ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
            try await fleet.withWorkers {
                _ in
                for (key, body) in [
                    ("user.created", #"{"userId":"nb-1","email":"\#(Self.address)","name":"Nour Benali"}"#),
                    ("profile.viewed", #"{"profileId":"p-nb","recruiterId":"nb-1","ip":"10.1.2.3"}"#),
                ] {
                    try await fleet.home.succeed("publish", key, "--body", body, environment: environment)
                }
                try await eventually("both are in the audit log", within: .seconds(30)) {
                    let rows = try await fleet.pool.query(
                        SQLStatement("SELECT count(*) FROM audit_logs WHERE 'nb-1' IN (actor, subject)")
                    )
                    return rows[0].int(0) == 2
                }
            }
            // With nobody there to file it, it stays in its queue.
            let queue = "dlq.subscription.profile.viewed"
            let body = #"{"companyId":7,"email":"\#(Self.address)","name":"Nour Benali"}"#
            _ = await fleet.publisher.publish([
                OutgoingMessage(exchange: "", routingKey: queue, message: Message(body: Array(body.utf8)))
            ])
            try await fleet.home.succeed("audit", "checkpoint")

            let refused = try await fleet.home.run("audit", "forget", "nb-1", environment: environment)
            #expect(refused.status == 2)
            let dryRun = try await fleet.home.run(
                "audit",
                "forget",
                "nb-1",
                "--dry-run",
                "--output",
                "json",
                environment: environment
            )
            let stores = try JSONValue(Array(dryRun.text.utf8))["stores"]?.elements ?? []
            for store in stores {
                func count(_ name: String) -> Int { Int(store[name]?.double ?? -1) }
                #expect(count("records") == count("own") + count("mentions"))
            }
            let deadLetters = stores.first { $0["store"]?.text == "dead letters" }
            #expect((deadLetters?["own"]?.double ?? 0) >= 2)
            try await fleet.home.succeed(
                "audit",
                "forget",
                "nb-1",
                "--reason",
                "test",
                "--yes",
                environment: environment
            )

            #expect(try await fleet.ready(queue) == 0)
            let filed = try await fleet.pool.query(
                SQLStatement(
                    "SELECT convert_from(body, 'UTF8') FROM dead_letters WHERE queue = 'subscription.profile.viewed'"
                )
            )
            let bodies = Set(filed.compactMap { $0.text(0) })
            // The view that no company is named in died too, and was filed while workers ran.
            #expect(
                bodies == [
                    #"{"companyId":7,"email":"forgotten","name":"forgotten"}"#,
                    #"{"profileId":"p-nb","recruiterId":"nb-1","ip":"forgotten"}"#,
                ]
            )
            let report = try await fleet.home.run("audit", "report", "--subject", "nb-1")
            #expect(report.status == 0 && report.text.contains(#""name":"forgotten""#))
            #expect(!report.text.contains("Nour") && !report.text.contains(Self.address))
            let check = try await fleet.home.run("audit", "verify", "--full", "--output", "json")
            #expect(check.status == 0, "\(check.text)")
            let dump = try await fleet.home.run("audit", "report", "--event", "subject.forgotten")
            #expect(dump.text.contains(#""reason":"test""#))
        }

        @Test(.timeLimit(.minutes(10)), arguments: ["csv", "xlsx"])
        func `a report of ten years takes no more memory than one of a month`(format: String) async throws {
            let fleet = try await FleetFixture.current()
            try await fleet.fillTenYears()
            let month = try await fleet.peak(of: ["--since", "2016-01-01", "--until", "2016-02-01"], format)
            let decade = try await fleet.peak(of: ["--since", "2016-01-01", "--until", "2026-01-01"], format)
            #expect(decade.rows == 120 * month.rows)
            #expect(decade.kilobytes < month.kilobytes + 20_000, "\(month.kilobytes) kB, then \(decade.kilobytes) kB")
            #expect(decade.kilobytes < 150_000)
            // Rows in a lane that no chain knows: the tests that verify the whole log come after this one.
            _ = try await fleet.pool.query(SQLStatement("DELETE FROM audit_logs WHERE lane = 100"))
        }
    }
}

extension FleetFixture {
    /// 500 rows of 1 KB in each month of 2016 to 2025, in a lane of their own.
    fileprivate func fillTenYears() async throws {
        let there = try await pool.query(SQLStatement("SELECT count(*) FROM audit_logs WHERE lane = 100"))
        guard there[0].int(0) == 0 else { return }
        let zeros = "decode(repeat('00', 32), 'hex')"
        for year in 2016...2025 {
            _ = try await pool.pipeline([
                SQLStatement(
                    """
                    SELECT audit_logs_ensure_month(month) FROM generate_series(
                        '\(year)-01-01Z'::timestamptz, '\(year)-12-01Z'::timestamptz, interval '1 month') AS month
                    """
                ),
                SQLStatement(
                    """
                    INSERT INTO audit_logs (lane, hash_version, sequence, recorded_at, occurred_at, event, actor, subject,
                        message_id, exchange, routing_key, previous_hash, hash, body)
                    SELECT 100, 1, \(year) * 6000 + extract(month FROM month)::integer * 500 + number,
                        month + number * interval '1 minute', month, 'profile.viewed', 'r', 'p', 'old-' || month || number,
                        'e', 'k', \(zeros), \(zeros), '{"profileId":"p","note":"' || repeat('x', 1000) || '"}'
                    FROM generate_series('\(year)-01-01Z'::timestamptz, '\(year)-12-01Z'::timestamptz,
                        interval '1 month') AS month, generate_series(1, 500) AS number
                    """
                ),
            ])
        }
    }

    /// Writes a report, and says how much memory that took at most.
    fileprivate func peak(of period: [String], _ format: String) async throws -> (rows: Int, kilobytes: Int) {
        let path = "\(home.path)/report.\(format)"
        let measured = """
            import resource, subprocess, sys
            done = subprocess.run(sys.argv[1:], stderr=subprocess.PIPE, text=True)
            print(done.stderr.split()[0], resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments =
            ["-c", measured, TestServers.programs.appending(path: "flotilla").path, "audit", "report"]
            + period + ["--format", format, "--output", path]
        process.environment = ["FLOTILLA_HOME": home.path, "PATH": "/usr/bin:/bin"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let words = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard words.count == 2 else {
            throw TestSetupError(description: "no report: \(String(decoding: data, as: UTF8.self))")
        }
        return (words[0], words[1])
    }
}
