import Storage
import TestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct MigrationsTests {
    private let steps = [
        Migration(number: 1, name: "one", sql: "CREATE TABLE one (id int); INSERT INTO one VALUES (1);"),
        Migration(number: 2, name: "two", sql: "ALTER TABLE one ADD name text"),
    ]

    @Test func `five processes that start at once apply each step once`() async throws {
        try await TestDatabase.with { database in
            let applied = try await withThrowingTaskGroup(of: [Migration].self) { group in
                for number in 0..<5 {
                    let pool = try database.otherPool(named: "migrator-\(number)")
                    group.addTask {
                        let applied = try await Migrations.apply(to: pool)
                        await pool.close()
                        return applied
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.map(\.number).sorted() == Migrations.all.map(\.number))
            let pending = try await Migrations.pending(in: database.pool)
            #expect(pending.isEmpty)
        }
    }

    @Test func `a step that was edited after it was applied is named, and nothing is changed`() async throws {
        try await TestDatabase.with { database in
            _ = try await Migrations.apply(to: database.pool, [steps[0]])
            let edited = [Migration(number: 1, name: "one", sql: "SELECT 1"), steps[1]]
            let error = await #expect(throws: MigrationError.self) {
                try await Migrations.apply(to: database.pool, edited)
            }
            #expect(error?.code == .checksumChanged)
            #expect(error?.operation == "migration 0001_one")
            let columns = try await database.count(
                "SELECT count(*) FROM information_schema.columns WHERE table_schema = '\(database.schema)' "
                    + "AND table_name = 'one'"
            )
            #expect(columns == 1)
        }
    }

    @Test func `a step that fails leaves nothing behind, and the steps before it stand`() async throws {
        try await TestDatabase.with { database in
            let broken = Migration(number: 2, name: "two", sql: "CREATE TABLE two (id int); SELECT nonsense;")
            let error = await #expect(throws: MigrationError.self) {
                try await Migrations.apply(to: database.pool, [steps[0], broken])
            }
            #expect(error?.code == .failed)
            #expect(error?.operation == "migration 0002_two")
            let pending = try await Migrations.pending(in: database.pool, steps)
            #expect(pending == [steps[1]])
            let found = try await database.count("SELECT count(*) FROM pg_class WHERE oid = to_regclass('two')")
            #expect(found == 0)
            let applied = try await Migrations.apply(to: database.pool, steps)
            #expect(applied == [steps[1]])
        }
    }
}
