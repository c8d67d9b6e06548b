import FlotillaStorage
import FlotillaTestSupport
import Testing

/// What the client does when the server answers, but not in time.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct SlowPostgresTests {
    private func sleep(_ seconds: Double) -> SQLStatement { SQLStatement("SELECT pg_sleep($1)", [.double(seconds)]) }

    /// A machine that is busy with other tests answers late.
    private func withWaitLimit(size: Int, _ body: (TestDatabase) async throws -> Void) async throws {
        try await TestDatabase.with(size: size, migrated: false, { $0.cancelTimeout = .seconds(60) }, body)
    }

    /// Sessions of the schema's pool are told by their first statement.
    private func isRunning(_ mark: String, in database: TestDatabase) async throws -> Bool {
        try await database.count(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%\(mark)%' AND pid <> pg_backend_pid()"
        ) > 0
    }

    @Test func `a transaction over its deadline is cancelled on the server and leaves nothing`() async throws {
        try await withWaitLimit(size: 1) { database in
            let pool = database.pool
            _ = try await pool.query(SQLStatement("CREATE TABLE t (id int)"))
            let session = try await database.count("SELECT pg_backend_pid()")
            let start = ContinuousClock.now
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction(within: .seconds(3)) { transaction in
                    _ = try await transaction.query(SQLStatement("INSERT INTO t VALUES (1)"))
                    _ = try await transaction.query(SQLStatement("SELECT pg_sleep(120), '\(database.schema)'"))
                }
            }
            #expect(error?.code == .deadline)
            #expect(error?.wait == .work)
            #expect(error?.isOutage == false)
            #expect(.now - start < .seconds(60))
            try await eventually("it has ended on the server") { try await !isRunning(database.schema, in: database) }
            #expect(try await database.count("SELECT count(*) FROM t") == 0)
            #expect(try await database.count("SELECT pg_backend_pid()") != session)
        }
    }

    @Test func `the deadline is for all statements of a transaction together`() async throws {
        try await withWaitLimit(size: 1) { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction(within: .seconds(1)) { transaction in
                    for _ in 1...200 { _ = try await transaction.query(sleep(0.05)) }
                }
            }
            #expect(error?.code == .deadline)
        }
    }

    @Test func `a statement that waits for a lock at its deadline says so`() async throws {
        try await withWaitLimit(size: 2) { database in
            _ = try await database.pool.query(SQLStatement("CREATE TABLE t (id int)"))
            try await database.pool.transaction { holder in
                _ = try await holder.query(SQLStatement("LOCK TABLE t"))
                let error = await #expect(throws: PostgresError.self) {
                    try await database.pool.pipeline([SQLStatement("INSERT INTO t VALUES (1)")], within: .seconds(1))
                }
                #expect(error?.code == .deadline)
                #expect(error?.wait == .lock)
            }
        }
    }

    @Test func `a cancelled task whose statement waits for a lock says so`() async throws {
        try await withWaitLimit(size: 3) { database in
            _ = try await database.pool.query(SQLStatement("CREATE TABLE t (id int)"))
            try await database.pool.transaction { holder in
                _ = try await holder.query(SQLStatement("LOCK TABLE t"))
                let insert = "INSERT INTO t VALUES (1) /* \(database.schema) */"
                let waiting = Task { try await database.pool.query(SQLStatement(insert)) }
                try await eventually("it waits") { try await isRunning("\(database.schema) */", in: database) }
                waiting.cancel()
                let error = await #expect(throws: PostgresError.self) { try await waiting.value }
                #expect(error?.code == .cancelled)
                #expect(error?.wait == .lock)
            }
        }
    }

    @Test func `a caller that gets no connection before its deadline says so`() async throws {
        try await withWaitLimit(size: 1) { database in
            try await database.pool.transaction { holder in
                _ = try await holder.query(SQLStatement("SELECT 1"))
                let error = await #expect(throws: PostgresError.self) {
                    try await database.pool.pipeline([SQLStatement("SELECT 1")], within: .milliseconds(200))
                }
                #expect(error?.code == .deadline)
                #expect(error?.wait == .connection)
            }
            #expect(try await database.count("SELECT 1") == 1)
        }
    }

    @Test func `a long statement without a deadline goes on however often it is asked about`() async throws {
        func change(_ configuration: inout PostgresConfiguration) {
            configuration.silenceTimeout = .milliseconds(50)
            configuration.cancelTimeout = .seconds(60)
        }
        try await TestDatabase.with(size: 1, migrated: false, change) { database in
            let results = try await database.pool.pipeline([sleep(1.5), SQLStatement("SELECT 7")])
            #expect(results[1][0].int(0) == 7)
        }
    }

    @Test func `a session that has become read-only is dropped, and the idle ones with it`() async throws {
        try await withWaitLimit(size: 3) { database in
            let pool = database.pool
            _ = try await pool.query(SQLStatement("CREATE TABLE t (id int)"))
            // Three sessions that outlive a failover.
            let readOnly = SQLStatement("SET default_transaction_read_only = on")
            try await pool.transaction { first in
                _ = try await first.query(SQLStatement("SELECT 1"))
                try await pool.transaction { second in
                    _ = try await second.query(SQLStatement("SELECT 1"))
                    _ = try await pool.query(readOnly)
                    try await second.commit(after: [readOnly])
                }
                try await first.commit(after: [readOnly])
            }
            let insert = SQLStatement("INSERT INTO t VALUES (1)")
            let error = await #expect(throws: PostgresError.self) { try await pool.query(insert) }
            #expect(error?.isReadOnly == true)
            #expect(error?.isOutage == true)
            for _ in 1...3 { _ = try await pool.query(insert) }
            #expect(try await database.count("SELECT count(*) FROM t") == 3)
        }
    }

    @Test func `the probe writes where writes are taken, and needs no table`() async throws {
        try await TestDatabase.with { database in
            let probe = WriteProbe(database.pool.configuration, name: "test", timeout: .seconds(30))
            for _ in 1...3 { try await probe.check() }
            await probe.close()
        }
    }

    @Test func `the probe fails on a server that reads only, and says so`() async throws {
        try await TestDatabase.with { database in
            let url = database.url + "%20-cdefault_transaction_read_only%3Don"
            let probe = WriteProbe(try PostgresConfiguration(url: url), name: "test", timeout: .seconds(30))
            let error = await #expect(throws: PostgresError.self) { try await probe.check() }
            #expect(error?.cause == "read-only")
            await probe.close()
        }
    }
}
