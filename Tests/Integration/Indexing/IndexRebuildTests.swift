@testable import FlotillaIndexing
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct IndexRebuildTests {
    private struct Fixture: Sendable {
        let database: TestDatabase
        let harness: IndexingHarness
        let audit: HandlerHarness

        func audited(_ inputs: [HandlerHarness.Input]) async { #expect(await audit.handle(inputs).areDone) }

        func rebuild(
            auditOnly: Bool = false,
            progress: (IndexRebuild.Progress) -> Void = { _ in }
        ) async throws -> IndexRebuild.Report {
            let job = IndexRebuild(
                database.pool,
                PostgresIndexStore(),
                privacy: try AuditWorkerTests.privacy(database.pool),
                auditOnly: auditOnly,
                pageSize: 50
            )
            return try await job.run(progress: progress)
        }
    }

    private func withFixture(_ body: (Fixture) async throws -> Void) async throws {
        try await TestDatabase.with(size: 8, migrated: true) { database async throws in
            let audit = try AuditWorkerTests.harness(database.pool)
            try await body(Fixture(database: database, harness: IndexingHarness(database.pool), audit: audit))
        }
    }

    @Test func `an index that was lost comes back as it was`() async throws {
        try await withFixture { fixture async throws in
            let histories = ProfileHistories(profiles: 60, events: 8)
            for batch in histories.shuffled {
                #expect(await fixture.harness.handle(batch).areDone)
                await fixture.audited(batch)
            }
            let before = try await fixture.harness.contents()
            _ = try await fixture.database.pool.pipeline(
                ["search_records", "search_profiles", "search_deleted_users"].map { SQLStatement("DELETE FROM \($0)") }
            )
            let report = try await fixture.rebuild()
            #expect(try await fixture.harness.contents() == before)
            #expect(report.events == 480 && report.unreadable == 0 && report.carried == 0 && report.generation == 2)
            let tables = """
                SELECT count(*) FROM pg_class WHERE relname ~ '^search_records_[0-9]+$'
                AND relnamespace = current_schema()::regnamespace
                """
            #expect(try await fixture.database.count(tables) == 1)
        }
    }

    @Test func `a profile that has left the state VALIDATED stays away when the index is made anew`() async throws {
        try await withFixture { fixture async throws in
            for (event, more) in [
                (ProfileValidated.event, #""timestamp":1700000010,"title":"Soudeur""#),
                (ProfileUpdated.event, #""timestamp":1700000020,"status":"DRAFT""#),
            ] {
                let input = IndexingHarness.input(event, #"{"profileId":"p",\#(more)}"#)
                #expect(await fixture.harness.handle([input]).areDone)
                await fixture.audited([input])
            }
            _ = try await fixture.rebuild(auditOnly: true)
            #expect(try await fixture.harness.ids(ProfileQuery(text: "soudeur")).isEmpty)
            let back = IndexingHarness.input(ProfileValidated.event, #"{"profileId":"p","timestamp":1700000030}"#)
            #expect(await fixture.harness.handle([back]).areDone)
            #expect(try await fixture.harness.ids(ProfileQuery(text: "soudeur")) == ["p"])
        }
    }

    @Test func `an event of the year 9999 wins against no later one when the index is made anew`() async throws {
        try await withFixture { fixture async throws in
            for event in IndexingWorkerTests.fromTheFuture { await fixture.audited([event]) }
            _ = try await fixture.rebuild(auditOnly: true)
            #expect(try await fixture.harness.ids(ProfileQuery(text: "soudeur")) == ["p"])
            #expect(try await fixture.harness.ids(ProfileQuery(text: "forgeron")) == [])
        }
    }

    @Test func `events that come meanwhile are in the new index, in whatever order the audit gets them`() async throws {
        try await withFixture { fixture async throws in
            let histories = ProfileHistories(profiles: 80, events: 10)
            let batches = histories.shuffled
            let cut = batches.count / 2
            // The first half is indexed; only some of it is audited yet.
            for batch in batches[..<cut] { #expect(await fixture.harness.handle(batch).areDone) }
            for batch in batches[..<(cut / 2)] { await fixture.audited(batch) }
            try await withThrowingTaskGroup { group in
                group.addTask {
                    for batch in batches[cut...] { #expect(await fixture.harness.handle(batch).areDone) }
                }
                group.addTask { for batch in batches[(cut / 2)...] { await fixture.audited(batch) } }
                group.addTask { for _ in 0..<3 { _ = try await fixture.rebuild() } }
                try await group.waitForAll()
            }
            let rebuilt = try await fixture.harness.contents()
            try await TestDatabase.with(migrated: true) { database async throws in
                let ordered = IndexingHarness(database.pool)
                for batch in histories.inOrder { #expect(await ordered.handle(batch).areDone) }
                #expect(try await ordered.contents() == rebuilt)
            }
        }
    }

    @Test func `searches see one whole index or the other at every moment`() async throws {
        try await withFixture { fixture async throws in
            let inputs = (0..<300).map {
                IndexingHarness.input(
                    ProfileValidated.event,
                    #"{"profileId":\#($0),"timestamp":1700000000,"title":"Soudeur"}"#
                )
            }
            #expect(await fixture.harness.handle(inputs).areDone)
            await fixture.audited(inputs)
            let searching = Task {
                var searches = 0
                while !Task.isCancelled {
                    do {
                        let found = try await fixture.harness.ids(ProfileQuery(text: "soudeur"), limit: 1_000)
                        #expect(found.count == 300)
                        searches += 1
                    } catch  where Task.isCancelled {
                        break
                    }
                }
                return searches
            }
            for _ in 0..<3 { _ = try await fixture.rebuild() }
            searching.cancel()
            #expect(try await searching.value > 3)
        }
    }

    @Test func `what the audit log has lost is carried over, unless it alone shall count`() async throws {
        try await withFixture { fixture async throws in
            await fixture.harness.add("old", #""title":"Soudeur""#)
            await fixture.harness.add("recent", #""title":"Soudeur""#)
            _ = try await fixture.database.pool.query(
                SQLStatement(
                    "UPDATE search_records SET updated_at = now() - interval '2 hours' WHERE profile_id = 'old'"
                )
            )
            #expect(try await fixture.rebuild().carried == 2)
            #expect(try await fixture.harness.ids(ProfileQuery(text: "soudeur")).sorted() == ["old", "recent"])
            _ = try await fixture.database.pool.query(
                SQLStatement(
                    "UPDATE search_records SET updated_at = now() - interval '2 hours' WHERE profile_id = 'old'"
                )
            )
            #expect(try await fixture.rebuild(auditOnly: true).carried == 1)
            #expect(try await fixture.harness.ids(ProfileQuery(text: "soudeur")) == ["recent"])
        }
    }

    @Test func `an event without a time of its own counts as carried over, one with a time does not`() async throws {
        try await withFixture { fixture async throws in
            let inputs = [
                IndexingHarness.input(ProfileValidated.event, #"{"profileId":"untimed","title":"Soudeur"}"#),
                IndexingHarness.input(
                    ProfileValidated.event,
                    #"{"profileId":"timed","timestamp":1700000000,"title":"Soudeur"}"#
                ),
            ]
            #expect(await fixture.harness.handle(inputs).areDone)
            await fixture.audited(inputs)
            let report = try await fixture.rebuild()
            #expect(report.events == 2 && report.carried == 1 && report.documents == 2)
        }
    }

    @Test func `a second rebuild is refused while the first one moves, and takes its place when it is dead`()
        async throws
    {
        try await withFixture { fixture async throws in
            await fixture.harness.add("p", #""title":"Soudeur""#)
            let pool = fixture.database.pool
            _ = try await pool.query(SQLStatement("SELECT search_add_generation('building')"))
            let refused = await #expect(throws: IndexRebuildError.self) { try await fixture.rebuild() }
            #expect(refused?.code == .underWay)
            // Workers write what a rebuild is making, dead or alive.
            await fixture.harness.add("q", #""title":"Soudeur""#)
            #expect(try await fixture.database.count("SELECT count(*) FROM search_records WHERE profile_id = 'q'") == 2)
            _ = try await pool.query(
                SQLStatement(
                    "UPDATE search_generations SET progressed_at = now() - interval '61 s' WHERE state = 'building'"
                )
            )
            let status = try await IndexStatus.read(pool, PostgresIndexStore())
            #expect(status.rebuild?.isAbandoned == true && status.documents == 2)
            #expect(try await fixture.rebuild().generation == 3)
            #expect(try await IndexStatus.read(pool, PostgresIndexStore()).rebuild == nil)
            #expect(try await fixture.harness.ids(ProfileQuery(text: "soudeur")).sorted() == ["p", "q"])
        }
    }

    @Test func `a rebuild that is cancelled leaves the index as it was`() async throws {
        try await withFixture { fixture async throws in
            let inputs = (0..<500).map {
                IndexingHarness.input(
                    ProfileValidated.event,
                    #"{"profileId":\#($0),"timestamp":1700000000,"title":"Soudeur"}"#
                )
            }
            #expect(await fixture.harness.handle(inputs).areDone)
            await fixture.audited(inputs)
            let work = Task {
                try await fixture.rebuild { progress in
                    if progress.done > 100 { withUnsafeCurrentTask { unsafe $0?.cancel() } }
                }
            }
            await #expect(throws: (any Error).self) { try await work.value }
            let status = try await IndexStatus.read(fixture.database.pool, PostgresIndexStore())
            #expect(status.generation == 1 && status.documents == 500 && status.rebuild == nil)
        }
    }

    @Test func `structured CloudEvents in the audit log are read as the worker read them`() async throws {
        try await withFixture { fixture async throws in
            let body = #"""
                {"specversion":"1.0","type":"profile.validated","id":"e-1","source":"/x","time":"2026-01-01T00:00:00Z",
                 "data":{"profileId":"p","title":"Soudeur"}}
                """#
            await fixture.audited([IndexingHarness.input(ProfileValidated.event, body)])
            await fixture.audited([IndexingHarness.input(ProfileValidated.event, #"{"no":"profile"}"#)])
            let report = try await fixture.rebuild()
            #expect(report.events == 1 && report.unreadable == 1)
            #expect(try await fixture.harness.ids(ProfileQuery(text: "soudeur")) == ["p"])
        }
    }
}
