@testable import FlotillaCron
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct CronSchedulerTests {
    /// Lets two schedulers look at the same time, again and again, while the clock goes on.
    private func run(_ fixture: CronFixture, through end: String, step: Duration) async throws {
        let other = try fixture.database.otherPool(size: 4)
        let schedulers = [fixture.scheduler(), fixture.scheduler(other)]
        let last = try CronFixture.moment(end)
        while fixture.now < last {
            fixture.advance(step)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for scheduler in schedulers {
                    group.addTask {
                        let pass = try await scheduler.pass()
                        #expect(pass.problems.isEmpty)
                    }
                }
                try await group.waitForAll()
            }
        }
        await other.close()
    }

    /// The days around both changes of clocks, and what runs on them by a fixed time, in UTC.
    @Test(arguments: [
        ("Europe/Berlin", "2026-03-28", "2026-03-31", ["03-28T01:30", "03-29T01:00", "03-30T00:30"]),
        ("Europe/Berlin", "2026-10-24", "2026-10-27", ["10-24T00:30", "10-25T00:30", "10-26T01:30"]),
        ("America/New_York", "2026-03-07", "2026-03-10", ["03-07T07:30", "03-08T07:00", "03-09T06:30"]),
        ("America/New_York", "2026-10-31", "2026-11-03", ["10-31T06:30", "11-01T07:30", "11-02T07:30"]),
    ])
    func `across a change of clocks two schedulers enqueue each run once`(
        _ zone: String,
        _ start: String,
        _ end: String,
        _ fixed: [String]
    ) async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let (start, end) = ("\(start)T00:00:00Z", "\(end)T00:00:00Z")
            let fixture = try CronFixture(database, at: start)
            let entries = [
                try CronFixture.entry("fixed", "30 2 * * *", zone: zone),
                try CronFixture.entry("twice", "30 1 * * *", zone: zone),
                try CronFixture.entry("hourly", "15 * * * *", zone: zone),
                try CronFixture.entry("even", "0 */2 * * *", zone: zone),
            ]
            for entry in entries { try await fixture.put(entry) }
            try await run(fixture, through: end, step: .seconds(900))
            #expect(try await fixture.nominals("fixed").map { String($0.dropFirst(5)) } == fixed)
            #expect(try await fixture.nominals("hourly").count == 72)
            for entry in entries {
                let expected = try CronFixture.expected(entry, after: start, through: end)
                #expect(try await fixture.nominals(entry.name) == expected, "\(entry.name)")
                let record = try await fixture.record(entry.name)
                #expect(record.missed == 0 && record.skipped == 0)
            }
        }
    }

    @Test func `through a year each day has its run, once`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = try CronFixture(database, at: "2026-01-01T00:00:00Z")
            let entries = [
                try CronFixture.entry("berlin", "30 2 * * *", zone: "Europe/Berlin", catchUp: .seconds(86_400)),
                try CronFixture.entry(
                    "lord-howe",
                    "15 2 * * *",
                    zone: "Australia/Lord_Howe",
                    catchUp: .seconds(86_400)
                ),
            ]
            for entry in entries { try await fixture.put(entry) }
            try await run(fixture, through: "2027-01-01T00:00:00Z", step: .seconds(6 * 3_600))
            for entry in entries {
                let found = try await fixture.nominals(entry.name)
                let (start, end) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
                #expect(found.count == 365)
                #expect(try CronFixture.expected(entry, after: start, through: end) == found)
            }
        }
    }

    @Test func `many schedulers at once and many entries: each runs once`() async throws {
        try await TestDatabase.with(size: 8, migrated: true) { database async throws in
            let fixture = try CronFixture(database, at: "2026-05-01T10:30:00Z")
            for number in 0..<60 { try await fixture.put(try CronFixture.entry("entry-\(number)", "@hourly")) }
            try fixture.set("2026-05-01T11:00:05Z")
            let runs = try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    let scheduler = fixture.scheduler()
                    group.addTask { try await scheduler.pass().runs }
                }
                return try await group.reduce(0, +)
            }
            #expect(runs == 60)
            #expect(try await database.count("SELECT count(*) FROM jobs WHERE cron_name LIKE 'entry-%'") == 60)
            #expect(try await database.count("SELECT count(*) FROM outbox WHERE job_id IS NOT NULL") == 60)
        }
    }

    @Test func `the handler gets the entry and the nominal time, and jitter moves the start alone`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = try CronFixture(database, at: "2090-05-01T10:30:00Z")
            var entry = try CronFixture.entry("hourly", "@hourly")
            entry.jitter = .seconds(600)
            entry.priority = 3
            entry.maxAttempts = 2
            entry.expiresAfter = .seconds(3_600)
            try await fixture.put(entry)
            try fixture.set("2090-05-01T11:00:00Z")
            #expect(try await fixture.scheduler().pass().runs == 1)
            let nominal = try CronFixture.moment("2090-05-01T11:00:00Z")
            let start = nominal + entry.delay(at: nominal)
            let row = try await database.pool.query(
                SQLStatement(
                    """
                    SELECT headers, not_before, state, priority, max_attempts, expires_at, created_by, correlation_id
                    FROM outbox JOIN jobs ON jobs.id = job_id
                    """
                )
            )[0]
            let headers = row.text(0) ?? ""
            #expect(headers.contains("cron-name") && headers.contains("hourly"))
            #expect(headers.contains("nominal-time") && headers.contains("2090-05-01T11:00:00"))
            #expect(row.timestamp(1) == start && row.text(2) == "scheduled" && start > nominal)
            #expect(row.int(3) == 3 && row.int(4) == 2 && row.timestamp(5) == start + 3_600_000_000)
            #expect(row.text(6) == "cron:hourly" && row.text(7)?.hasPrefix("cron:hourly:2090-05-01T11:00:00") == true)
            let record = try await fixture.record("hourly")
            #expect(record.lastNominalAt == nominal && record.nextAt == nominal + 3_600_000_000)
        }
    }

    @Test func `after a day without schedulers the window is caught up, and the rest counted as missed`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = try CronFixture(database, at: "2026-05-01T00:30:00Z")
            try await fixture.put(
                try CronFixture.entry("short", "@hourly", catchUp: .seconds(60)),
                try CronFixture.entry("some", "@hourly", catchUp: .seconds(3 * 3_600)),
                try CronFixture.entry("all", "@hourly", catchUp: .seconds(7 * 86_400)),
                try CronFixture.entry("one", "@hourly", .skip, catchUp: .seconds(7 * 86_400))
            )
            try fixture.set("2026-05-02T00:30:00Z")
            let pass = try await fixture.scheduler().pass()
            #expect(pass == CronScheduler.Pass(runs: 0 + 3 + 24 + 1, missed: 24 + 21, skipped: 23))
            #expect(try await fixture.nominals("some") == ["2026-05-01T22:00", "2026-05-01T23:00", "2026-05-02T00:00"])
            for (name, missed) in [("short", 24), ("some", 21), ("all", 0), ("one", 0)] {
                #expect(try await fixture.record(name).missed == missed)
            }
            let text = fixture.metrics.render()
            #expect(text.contains("flotilla_cron_missed_total{name=\"some\"} 21\n"))
            #expect(text.contains("flotilla_cron_runs_total{name=\"all\"} 24\n"))
            #expect(text.contains("flotilla_cron_skipped_total{name=\"one\"} 23\n"))
            #expect(try await fixture.scheduler().pass() == CronScheduler.Pass())
        }
    }

    @Test func `an entry that can't be read holds no other up, and is told of`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = try CronFixture(database, at: "2026-05-01T00:30:00Z")
            try await fixture.put(try CronFixture.entry("broken", "@hourly"), try CronFixture.entry("sound", "@hourly"))
            _ = try await database.pool.query(
                SQLStatement("UPDATE cron_entries SET time_zone = 'Atlantis/Capital' WHERE name = 'broken'")
            )
            try fixture.set("2026-05-01T01:00:00Z")
            let pass = try await fixture.scheduler().pass()
            #expect(pass.runs == 1 && pass.problems.keys.sorted() == ["broken"])
            #expect(pass.problems["broken"]?.contains("Atlantis/Capital") == true)
        }
    }

    @Test func `it reads the file and runs by itself until it is cancelled, and outlives an outage`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = try CronFixture(database, at: "2026-05-01T00:30:00Z")
            _ = try await database.pool.query(SQLStatement("ALTER TABLE cron_entries RENAME TO away"))
            let scheduler = fixture.scheduler(file: [try CronFixture.entry("filed", "@hourly")])
            let running = Task { await scheduler.run() }
            _ = try await database.pool.query(SQLStatement("ALTER TABLE away RENAME TO cron_entries"))
            try await eventually("the entry is there") {
                try await database.count("SELECT count(*) FROM cron_entries WHERE source = 'file'") == 1
            }
            try fixture.set("2026-05-01T01:00:00Z")
            try await eventually("it has run") { try await fixture.nominals("filed") == ["2026-05-01T01:00"] }
            running.cancel()
            await running.value
        }
    }
}
