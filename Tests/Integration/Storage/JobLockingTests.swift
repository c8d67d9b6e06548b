import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Testing

@testable import Workers

/// After a lost connection one process ends the jobs of a batch while another starts the same ones.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct JobLockingTests {
    @Test func `starts, effects, ends and requeues of the same jobs never wait for one another in a circle`()
        async throws
    {
        try await TestDatabase.with(size: 8, migrated: true) { database in
            let pool = database.pool
            let new = NewJob(type: "a.b", payload: Array("{}".utf8))
            let ids = try await Jobs(pool).enqueue(Array(repeating: new, count: 40))
                .compactMap { if case .created(let job) = $0 { job.id } else { nil } }
            // Bytes and languages order these differently.
            for id in ["b", "B", "a-b", "ab", "é", "z"] {
                _ = try await pool.query(
                    SQLStatement(
                        "INSERT INTO jobs (id, type, state, payload) VALUES ($1, 'a.b', 'queued', '{}')",
                        [.text(id)]
                    )
                )
            }
            let all = ids + ["b", "B", "a-b", "ab", "é", "z"]
            let failure = Failure(type: "t", message: "m", isPermanent: true)
            let batches: [@Sendable ([String]) -> [SQLStatement]] = [
                { [Jobs.start(Dictionary(uniqueKeysWithValues: $0.map { ($0, 1) }))] },
                { [Jobs.claimEffects(of: $0)] },
                { JobEnd.succeeded($0.map { JobEnd(id: $0, attempt: 1) }) },
                { [Jobs.requeued($0)] },
                { ids in
                    ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map {
                        Jobs.dead($0, attempts: 1, failure: failure)
                    }
                },
            ]
            for _ in 0..<60 {
                try await withThrowingTaskGroup { group in
                    for batch in batches { group.addTask { _ = try await pool.pipeline(batch(all.shuffled())) } }
                    try await group.waitForAll()
                }
                // Open again, so that all have something to change.
                _ = try await pool.query(SQLStatement("UPDATE jobs SET state = 'queued'"))
            }
        }
    }
}
