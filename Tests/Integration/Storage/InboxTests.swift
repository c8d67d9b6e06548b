import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct InboxTests {
    private func take(_ ids: [String], for consumer: String = "q", in pool: PostgresPool) async throws -> [Bool] {
        try await pool.transaction { transaction in
            let result = try await transaction.commit(after: [Inbox.insert(consumer: consumer, messageIDs: ids)])[0]
            return Inbox.fresh(result, of: ids)
        }
    }

    @Test func `an id is fresh once for each consumer, within a batch and across batches`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            var fresh = try await take(["a", "b", "a"], in: database.pool)
            #expect(fresh == [true, true, false])
            fresh = try await take(["c", "b"], in: database.pool)
            #expect(fresh == [true, false])
            fresh = try await take(["a", "e\u{301}", "\u{e9}", "x\u{0}"], for: "other", in: database.pool)
            #expect(fresh == [true, true, true, true])
        }
    }

    @Test func `fifty concurrent batches in any order take each id once`() async throws {
        try await TestDatabase.with(size: 8, migrated: true) { database in
            let ids = (0..<100).map { "id-\($0)" }
            let fresh = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 {
                    let batch = ids.shuffled()
                    group.addTask { try await take(batch, in: database.pool).count { $0 } }
                }
                return try await group.reduce(0, +)
            }
            #expect(fresh == 100)
        }
    }

    @Test func `an id whose transaction rolled back is fresh again`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            await #expect(throws: CancellationError.self) {
                try await database.pool.transaction { transaction in
                    _ = try await transaction.query(Inbox.insert(consumer: "q", messageIDs: ["a"]))
                    throw CancellationError()
                }
            }
            let fresh = try await take(["a"], in: database.pool)
            #expect(fresh == [true])
        }
    }

    @Test func `pruning takes old rows in steps and leaves young ones`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            _ = try await take((0..<25).map { "old-\($0)" }, in: database.pool)
            _ = try await database.pool.query(SQLStatement("UPDATE inbox SET received_at = now() - interval '15 days'"))
            _ = try await take(["young"], in: database.pool)
            var steps: [Int] = []
            repeat {
                steps.append(try await database.pool.query(Inbox.prune(limit: 10)).affected)
            } while steps.last != 0
            #expect(steps == [10, 10, 5, 0])
            let left = try await database.count("SELECT count(*) FROM inbox")
            #expect(left == 1)
        }
    }
}
