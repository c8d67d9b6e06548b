@testable import FlotillaCron
import FlotillaStorage
import FlotillaTestSupport
import Testing

/// What becomes of a run while an earlier one is unfinished.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct CronOverlapTests {
    /// An hourly entry at three hours, none of whose jobs ends.
    private func three(_ overlap: CronOverlap, _ body: (CronFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = try CronFixture(database, at: "2026-05-01T00:30:00Z")
            try await fixture.put(try CronFixture.entry("hourly", "@hourly", overlap))
            for hour in 1...3 {
                try fixture.set("2026-05-01T0\(hour):00:00Z")
                _ = try await fixture.scheduler().pass()
            }
            try await body(fixture)
        }
    }

    @Test func `skip: it does not take place and is counted, until the other has ended`() async throws {
        try await three(.skip) { fixture async throws in
            #expect(try await fixture.nominals("hourly") == ["2026-05-01T01:00"])
            #expect(try await fixture.record("hourly").skipped == 2)
            try await fixture.finish("hourly")
            try fixture.set("2026-05-01T04:00:00Z")
            #expect(try await fixture.scheduler().pass().runs == 1)
            #expect(try await fixture.nominals("hourly") == ["2026-05-01T01:00", "2026-05-01T04:00"])
        }
    }

    @Test func `buffer_one: one waits for the other, and no more than one`() async throws {
        try await three(.bufferOne) { fixture async throws in
            #expect(try await fixture.nominals("hourly") == ["2026-05-01T01:00", "2026-05-01T02:00"])
            #expect(try await fixture.states("hourly") == ["queued", "waiting"])
            #expect(try await fixture.record("hourly").skipped == 1)
            let waits = """
                SELECT count(*) FROM job_dependencies JOIN jobs AS second ON second.id = job_id
                JOIN jobs AS first ON first.id = predecessor WHERE first.nominal_at < second.nominal_at
                """
            #expect(try await fixture.database.count(waits) == 1)
        }
    }

    @Test func `allow: they run side by side`() async throws {
        try await three(.allow) { fixture async throws in
            #expect(try await fixture.states("hourly") == ["queued", "queued", "queued"])
        }
    }

    @Test func `cancel_other: the other is cancelled, and its message is taken back`() async throws {
        try await three(.cancelOther) { fixture async throws in
            #expect(try await fixture.states("hourly") == ["cancelled", "cancelled", "queued"])
            #expect(try await fixture.database.count("SELECT count(*) FROM outbox WHERE job_id IS NOT NULL") == 1)
        }
    }

    @Test func `cancel_other: where the other runs, it is asked to end, and the new one waits for that`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = try CronFixture(database, at: "2026-05-01T00:30:00Z")
            try await fixture.put(try CronFixture.entry("hourly", "@hourly", .cancelOther))
            try fixture.set("2026-05-01T01:00:00Z")
            _ = try await fixture.scheduler().pass()
            _ = try await database.pool.query(SQLStatement("UPDATE jobs SET state = 'running', started_at = now()"))
            try fixture.set("2026-05-01T02:00:00Z")
            #expect(try await fixture.scheduler().pass().runs == 1)
            #expect(try await fixture.states("hourly") == ["cancelling", "waiting"])
        }
    }

    @Test func `a run that dies pauses the entry that says so, once`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = try CronFixture(database, at: "2026-05-01T00:30:00Z")
            var entry = try CronFixture.entry("hourly", "@hourly")
            entry.pauseOnFailure = true
            try await fixture.put(entry, try CronFixture.entry("other", "@hourly"))
            try fixture.set("2026-05-01T01:00:00Z")
            _ = try await fixture.scheduler().pass()
            try await fixture.finish("hourly", as: "dead")
            try await fixture.finish("other", as: "dead")
            try fixture.set("2026-05-01T02:00:00Z")
            #expect(try await fixture.scheduler().pass().runs == 1)
            let paused = try await fixture.record("hourly")
            #expect(paused.pause?.by == "cron" && paused.pause?.note?.contains(paused.lastJobID ?? "?") == true)
            #expect(try await fixture.record("other").pause == nil)
            #expect(try await fixture.store.resume("hourly", at: fixture.now))
            try fixture.set("2026-05-01T03:00:00Z")
            #expect(try await fixture.scheduler().pass().runs == 2)
            #expect(try await fixture.nominals("hourly") == ["2026-05-01T01:00", "2026-05-01T03:00"])
        }
    }
}
