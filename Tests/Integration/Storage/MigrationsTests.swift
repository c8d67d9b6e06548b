@testable import flotilla
import FlotillaModules
@testable import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct MigrationsTests {
    private let steps = [
        Migration(number: 1, name: "one", sql: "CREATE TABLE one (id int); INSERT INTO one VALUES (1);"),
        Migration(number: 2, name: "two", sql: "ALTER TABLE one ADD name text"),
    ]

    private func ours(_ steps: [Migration]) -> [SchemaModule] { [SchemaModule("ours", steps)] }

    @Test func `five processes that start at once apply each step once`() async throws {
        let schema = try FleetProgram.schema()
        try await TestDatabase.with { database in
            let applied = try await withThrowingTaskGroup(of: [SchemaStep].self) { group in
                for number in 0..<5 {
                    let pool = try database.otherPool(named: "migrator-\(number)")
                    group.addTask {
                        let applied = try await Migrations.apply(to: pool, schema)
                        await pool.close()
                        return applied
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.count == schema.flatMap(\.migrations).count)
            #expect(Set(applied) == Set(try MigrationPlan.pending(schema, after: [])))
            let pending = try await Migrations.pending(in: database.pool, schema)
            #expect(pending.isEmpty)
        }
    }

    @Test func `a step that was edited after it was applied is named, and nothing is changed`() async throws {
        try await TestDatabase.with { database in
            _ = try await Migrations.apply(to: database.pool, ours([steps[0]]))
            let edited = [Migration(number: 1, name: "one", sql: "SELECT 1"), steps[1]]
            let error = await #expect(throws: MigrationError.self) {
                try await Migrations.apply(to: database.pool, ours(edited))
            }
            #expect(error?.code == .checksumChanged)
            #expect(error?.operation == "migration ours 0001_one")
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
                try await Migrations.apply(to: database.pool, ours([steps[0], broken]))
            }
            #expect(error?.code == .failed)
            #expect(error?.operation == "migration ours 0002_two")
            let pending = try await Migrations.pending(in: database.pool, ours(steps))
            #expect(pending.map(\.migration) == [steps[1]])
            let found = try await database.count("SELECT count(*) FROM pg_class WHERE oid = to_regclass('two')")
            #expect(found == 0)
            let applied = try await Migrations.apply(to: database.pool, ours(steps))
            #expect(applied.map(\.migration) == [steps[1]])
        }
    }

    @Test func `modules that different programs apply stand side by side`() async throws {
        try await TestDatabase.with { database in
            let theirs = [SchemaModule("theirs", [Migration(number: 1, name: "x", sql: "CREATE TABLE x (id int)")])]
            _ = try await Migrations.apply(to: database.pool, ours(steps))
            #expect(try await Migrations.apply(to: database.pool, theirs).map(\.label) == ["theirs 0001_x"])
            #expect(try await Migrations.pending(in: database.pool, ours(steps)).isEmpty)
        }
    }

    /// As version 0.1.0 made the table.
    private func numberAsOne(_ database: TestDatabase, _ steps: [SchemaStep]) async throws {
        _ = try await database.pool.query(SQLStatement("DROP TABLE IF EXISTS schema_migrations"))
        _ = try await database.pool.query(
            SQLStatement(
                """
                CREATE TABLE schema_migrations (
                    number integer NOT NULL CONSTRAINT pk_schema_migrations PRIMARY KEY,
                    name text NOT NULL,
                    checksum bytea NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now())
                """
            )
        )
        for step in steps {
            guard let number = step.migration.formerNumber else { continue }
            _ = try await database.pool.query(
                SQLStatement(
                    "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1::bigint::integer, $2, $3)",
                    [.int(Int64(number)), .text(step.migration.name), .bytes(step.migration.checksum)]
                )
            )
        }
    }

    @Test func `a database numbered as one is taken over as it is`() async throws {
        let schema = try FleetProgram.schema()
        try await TestDatabase.with(migrated: true) { database in
            let all = try MigrationPlan.pending(schema, after: [])
            let later = all.filter { $0.migration.formerNumber == nil }
            let older = all.filter { $0.migration.formerNumber != nil }
            #expect(Set(older.compactMap(\.migration.formerNumber)) == Set(1...10))
            try await numberAsOne(database, all)
            // Looking changes nothing.
            #expect(try await Migrations.pending(in: database.pool, schema) == later)
            #expect(
                try await database.count(
                    "SELECT count(*) FROM pg_attribute WHERE attname = 'module' "
                        + "AND attrelid = to_regclass('schema_migrations')"
                ) == 0
            )
            // What came after version 0.1.0 was made before; only the table is to be brought up.
            let known = schema.map { module in
                SchemaModule(module.name, module.migrations.filter { $0.formerNumber != nil })
            }
            #expect(try await Migrations.apply(to: database.pool, known).isEmpty)
            #expect(try await Migrations.apply(to: database.pool, known).isEmpty)
            let rows = try await database.pool.query(SQLStatement("SELECT module, number, name FROM schema_migrations"))
            let found = Set(rows.map { "\($0.text(0) ?? "") \($0.int(1) ?? 0) \($0.text(2) ?? "")" })
            #expect(found == Set(older.map { "\($0.module) \($0.migration.number) \($0.migration.name)" }))
        }
    }

    @Test func `a step numbered as one that no module has is refused, and nothing is changed`() async throws {
        let schema = try FleetProgram.schema()
        try await TestDatabase.with(migrated: true) { database in
            try await numberAsOne(database, try MigrationPlan.pending(schema, after: []))
            _ = try await database.pool.query(
                SQLStatement("INSERT INTO schema_migrations (number, name, checksum) VALUES (99, 'later', '')")
            )
            let error = await #expect(throws: MigrationError.self) {
                try await Migrations.apply(to: database.pool, schema)
            }
            #expect(error?.code == .unknownStep)
            #expect(
                try await database.count(
                    "SELECT count(*) FROM pg_attribute WHERE attname = 'module' "
                        + "AND attrelid = to_regclass('schema_migrations')"
                ) == 0
            )
        }
    }

    @Test func `whoever looks while a database is being taken over sees it as it was or as it is`() async throws {
        let schema = try FleetProgram.schema()
        try await TestDatabase.with(migrated: true) { database in
            let all = try MigrationPlan.pending(schema, after: [])
            try await numberAsOne(database, all)
            let (pending, observer) = (database.pool, try database.otherPool())
            async let steps: [SchemaStep] = {
                try await eventually("the table is locked") {
                    let locks = try await observer.query(
                        SQLStatement(
                            "SELECT FROM pg_locks WHERE relation = to_regclass('schema_migrations') "
                                + "AND mode = 'AccessExclusiveLock' AND granted"
                        )
                    )
                    return !locks.isEmpty
                }
                return try await Migrations.pending(in: pending, schema)
            }()
            try await database.otherPool(named: "takeover").transaction { transaction in
                _ = try await transaction.pipeline(SchemaTable.upgrade(schema))
                try await eventually("the look waits") {
                    let waiting = try await observer.query(
                        SQLStatement(
                            "SELECT FROM pg_locks WHERE relation = to_regclass('schema_migrations') AND NOT granted"
                        )
                    )
                    return !waiting.isEmpty
                }
                try await transaction.commit()
            }
            #expect(try await steps == all.filter { $0.migration.formerNumber == nil })
            await observer.close()
        }
    }

    @Test func `the table of another schema on the search path is left alone`() async throws {
        let schema = try FleetProgram.schema()
        try await TestDatabase.with(migrated: true) { theirs in
            try await numberAsOne(theirs, try MigrationPlan.pending(schema, after: []))
            try await TestDatabase.with { own in
                let url = own.url.replacing(own.schema, with: "\(own.schema),\(theirs.schema)")
                let pool = PostgresPool(try PostgresConfiguration(url: url), size: 1, name: "both")
                #expect(try await Migrations.pending(in: pool, ours(steps)).count == steps.count)
                #expect(try await Migrations.apply(to: pool, ours(steps)).count == steps.count)
                await pool.close()
            }
            #expect(
                try await theirs.count(
                    "SELECT count(*) FROM pg_attribute WHERE attname = 'module' "
                        + "AND attrelid = to_regclass('schema_migrations')"
                ) == 0
            )
        }
    }
}
