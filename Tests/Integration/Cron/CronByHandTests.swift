@testable import FlotillaCron
import FlotillaStorage
import FlotillaTestSupport
import Testing

/// What an operator does with entries, and what the file does.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct CronByHandTests {
    private func with(_ body: (CronFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await body(try CronFixture(database, at: "2026-05-01T00:30:00Z"))
        }
    }

    @Test func `a paused entry does not run, and goes on from the moment it is resumed`() async throws {
        try await with { fixture async throws in
            try await fixture.put(try CronFixture.entry("hourly", "@hourly", catchUp: .seconds(7 * 86_400)))
            let isPaused = try await fixture.store.pause("hourly", by: "cli:ann", note: "moving house", at: fixture.now)
            #expect(isPaused)
            #expect(try await fixture.store.pause("hourly", by: "cli:bob", note: nil, at: fixture.now) == false)
            let pause = try await fixture.record("hourly").pause
            #expect(pause == CronRecord.Pause(at: fixture.now, by: "cli:ann", note: "moving house"))
            try fixture.set("2026-05-01T05:30:00Z")
            #expect(try await fixture.scheduler().pass() == CronScheduler.Pass())
            #expect(try await fixture.store.resume("hourly", at: fixture.now))
            #expect(try await fixture.store.resume("hourly", at: fixture.now) == false)
            try fixture.set("2026-05-01T06:00:00Z")
            #expect(try await fixture.scheduler().pass().runs == 1)
            #expect(try await fixture.nominals("hourly") == ["2026-05-01T06:00"])
            let record = try await fixture.record("hourly")
            #expect(record.missed == 0 && record.pause == nil)
            await #expect(throws: CronError.unknown("nothing")) {
                try await fixture.store.pause("nothing", by: "cli:ann", note: nil, at: fixture.now)
            }
        }
    }

    @Test func `a run by hand is now, paused or not, and the schedule goes on as it was`() async throws {
        try await with { fixture async throws in
            try await fixture.put(try CronFixture.entry("hourly", "@hourly", .skip))
            _ = try await fixture.store.pause("hourly", by: "cli:ann", note: nil, at: fixture.now)
            let before = try await fixture.record("hourly").nextAt
            let job = try await fixture.runs.trigger("hourly", by: "cli:ann", at: fixture.now)
            #expect(try await fixture.nominals("hourly", "created_by = 'cli:ann'") == ["2026-05-01T00:30"])
            let record = try await fixture.record("hourly")
            #expect(record.nextAt == before && record.lastJobID == job && record.pause != nil)
            fixture.advance(.seconds(1))
            let error = await #expect(throws: CronError.self) {
                try await fixture.runs.trigger("hourly", by: "cli:ann", at: fixture.now)
            }
            #expect(error?.code == .unfinished && error?.detail.contains(job) == true)
            _ = try await fixture.runs.trigger("hourly", by: "cli:ann", at: fixture.now, overlap: .allow)
            #expect(try await fixture.states("hourly") == ["queued", "queued"])
        }
    }

    @Test func `a backfill enqueues what has no job yet, one after the other`() async throws {
        try await with { fixture async throws in
            try await fixture.put(
                try CronFixture.entry("line", "@hourly", .skip),
                try CronFixture.entry("beside", "@hourly", .allow)
            )
            try fixture.set("2026-05-01T02:00:00Z")
            _ = try await fixture.scheduler().pass()
            try await fixture.finish("line")
            try await fixture.finish("beside")
            let (from, to) = (
                try CronFixture.moment("2026-04-30T22:00:00Z"), try CronFixture.moment("2026-05-02T00:00:00Z")
            )
            let line = try await fixture.runs.backfill("line", from: from, to: to, by: "cli:ann", at: fixture.now)
            // Skipped at 02:00 while that of 01:00 was unfinished: it may be made up for.
            #expect(line.jobs.count == 4 && line.existing == 1)
            #expect(try await fixture.states("line") == ["queued", "waiting", "waiting", "succeeded", "waiting"])
            let beside = try await fixture.runs.backfill("beside", from: from, to: to, by: "cli:ann", at: fixture.now)
            #expect(beside.jobs.count == 3 && beside.existing == 2)
            #expect(try await fixture.states("beside") == ["queued", "queued", "queued", "succeeded", "succeeded"])
            let again = try await fixture.runs.backfill("beside", from: from, to: to, by: "cli:ann", at: fixture.now)
            #expect(again == CronRuns.Backfill(jobs: [], existing: 5))
            let error = await #expect(throws: CronError.self) {
                try await fixture.runs.backfill("line", from: 0, to: to, by: "cli:ann", at: fixture.now, limit: 1_000)
            }
            #expect(error?.code == .tooMany)
        }
    }

    @Test func `the file's entries are written, changed and removed; others and what was paused stay`() async throws {
        try await with { fixture async throws in
            try await fixture.put(try CronFixture.entry("by-api", "@hourly"), try CronFixture.entry("taken", "@daily"))
            let first = [
                try CronFixture.entry("kept", "@hourly"), try CronFixture.entry("changed", "@hourly"),
                try CronFixture.entry("moved", "30 2 * * *"), try CronFixture.entry("gone", "@hourly"),
                try CronFixture.entry("taken", "@hourly"),
            ]
            let made = try await fixture.store.keepOfFile(first, at: fixture.now)
            #expect(made == .init(written: ["changed", "gone", "kept", "moved"], removed: [], refused: ["taken"]))
            _ = try await fixture.store.pause("kept", by: "cli:ann", note: nil, at: fixture.now)
            let due = try await fixture.record("changed").nextAt
            // While nobody runs, the file changes: what was due of a schedule that is the same stays due.
            try fixture.set("2026-05-01T03:10:00Z")
            var second = Array(first[0...2])
            second[1].priority = 5
            second[2] = try CronFixture.entry("moved", "30 2 * * *", zone: "Europe/Berlin")
            let changed = try await fixture.store.keepOfFile(second, at: fixture.now)
            #expect(changed == .init(written: ["changed", "moved"], removed: ["gone"], refused: []))
            #expect(try await fixture.store.keepOfFile(second, at: fixture.now).isEmpty)
            let records = try await fixture.store.list()
            #expect(records.map(\.name) == ["by-api", "changed", "kept", "moved", "taken"])
            #expect(records[1].nextAt == due && records[1].priority == 5)
            #expect(records[2].pause != nil)
            #expect(records[3].nextAt == (try CronFixture.moment("2026-05-02T00:30:00Z")))
            #expect(records[4].schedule == "@daily" && records[4].source == .api)
            for name in ["kept", "moved"] {
                let error = await #expect(throws: CronError.self) { try await fixture.store.delete(name) }
                #expect(error?.code == .fromFile)
            }
            try await fixture.store.delete("by-api")
            #expect(try await fixture.store.get("by-api") == nil)
        }
    }
}
