import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct JobRetentionTests {
    @Test func `jobs are deleted after the retention of their end, in steps, and open ones never`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            _ = try await database.pool.query(
                SQLStatement(
                    """
                    INSERT INTO jobs (id, type, state, payload, enqueued_at, finished_at)
                    SELECT state || '-' || days, 'a.b', state, '', now() - days * interval '1 day',
                        CASE WHEN state IN ('succeeded', 'cancelled', 'dead') THEN now() - days * interval '1 day' END
                    FROM unnest(ARRAY['succeeded', 'cancelled', 'dead', 'queued', 'running', 'scheduled']) AS state,
                        unnest(ARRAY[1, 31, 91]) AS days
                    """
                )
            )
            #expect(try await database.pool.query(Jobs.prune(limit: 2)).affected == 2)
            #expect(try await database.pool.query(Jobs.prune()).affected == 2)
            #expect(try await database.pool.query(Jobs.prune()).affected == 0)
            let left = try await database.pool.query(
                SQLStatement("SELECT id FROM jobs WHERE finished_at IS NOT NULL ORDER BY id")
            )
            #expect(
                left.compactMap { $0.text(0) }
                    == ["cancelled-1", "cancelled-31", "dead-1", "dead-31", "succeeded-1"]
            )
            #expect(try await database.count("SELECT count(*) FROM jobs WHERE finished_at IS NULL") == 9)
        }
    }

    @Test func `a cancelled job whose message still waits does not run, however short the retention`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            _ = try await database.pool.query(
                SQLStatement(
                    """
                    INSERT INTO jobs (id, type, state, payload, enqueued_at, finished_at)
                    SELECT state, 'a.b', state, '', now(), now() - interval '80 days'
                    FROM unnest(ARRAY['succeeded', 'cancelled', 'dead']) AS state
                    """
                )
            )
            let shortest = Jobs.Retention(done: .seconds(1), dead: .seconds(1))
            #expect(try await database.pool.query(Jobs.prune(shortest)).affected == 2)
            let started = try await database.pool.query(Jobs.start(["cancelled": 1]))
            #expect(Jobs.ended(started, of: ["cancelled"]) == ["cancelled"])
        }
    }

    @Test func `cancelled jobs are kept as long as any others, and 90 days at least`() {
        #expect(Jobs.Retention().cancelled == .seconds(90 * 86_400))
        #expect(Jobs.Retention(dead: .seconds(200 * 86_400)).cancelled == .seconds(200 * 86_400))
        #expect(Jobs.Retention(done: .seconds(300 * 86_400)).cancelled == .seconds(300 * 86_400))
    }
}
