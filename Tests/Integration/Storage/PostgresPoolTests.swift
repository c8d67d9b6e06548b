import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct PostgresPoolTests {
    @Test func `every kind of value comes back as it was sent`() async throws {
        try await TestDatabase.with { database in
            let row = try await database.pool.query(
                SQLStatement(
                    """
                    SELECT $1 AS a, $2, $3, $4, $5, $6, $7, $8::text, $9[2], cardinality($10), $11[1], $12[1],
                        $9[1], 12345678.0900, -0.05, 100000000::numeric, 'b55ed7de-1b6a-4cc3-9b9e-0a3d6f8fd3a1'::uuid
                    """,
                    [
                        .text("é\u{1F600}"), .int(.min), .double(-1.5), .bool(true), .bytes([0, 255]),
                        .timestamp(1_700_000_000_123_456), .json(#"{"a": 1}"#), .null, .textArray(["x", nil]),
                        .intArray([1, nil, 3]), .bytesArray([[9]]), .timestampArray([-1]),
                    ]
                )
            )[0]
            #expect(row.text(0) == "é\u{1F600}")
            #expect(row.int(1) == .min)
            #expect(row.double(2) == -1.5)
            #expect(row.bool(3) == true)
            #expect(row.bytes(4) == [0, 255])
            #expect(row.timestamp(5) == 1_700_000_000_123_456)
            #expect(row.text(6) == #"{"a": 1}"#)
            #expect(row.text(7) == nil)
            #expect(row.text(8) == nil)
            #expect(row.int(9) == 3)
            #expect(row.bytes(10) == [9])
            #expect(row.timestamp(11) == -1)
            #expect(row.text(12) == "x")
            #expect(row.text(13) == "12345678.0900")
            #expect(row.text(14) == "-0.05")
            #expect(row.int(15) == 100_000_000)
            #expect(row.text(16) == "b55ed7de-1b6a-4cc3-9b9e-0a3d6f8fd3a1")
        }
    }

    @Test func `an error in the middle of a pipeline undoes all of it and names the first error`() async throws {
        try await TestDatabase.with(size: 1) { database in
            _ = try await database.pool.query(SQLStatement("CREATE TABLE t (id int PRIMARY KEY)"))
            let insert = "INSERT INTO t VALUES ($1::int8)"
            await #expect(throws: PostgresError.self) {
                try await database.pool.pipeline([
                    SQLStatement(insert, [.int(1)]), SQLStatement(insert, [.int(1)]),
                    SQLStatement("SELECT nonsense"), SQLStatement(insert, [.int(2)]),
                ])
            }
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.pipeline([
                    SQLStatement(insert, [.int(1)]), SQLStatement(insert, [.int(1)]), SQLStatement("SELECT nonsense"),
                ])
            }
            #expect(error?.code == .sqlState("23505"))
            #expect(error?.constraint == "t_pkey")
            #expect(try await database.count("SELECT count(*) FROM t") == 0)
        }
    }

    @Test func `a transaction commits when its body returns and rolls back when it throws`() async throws {
        try await TestDatabase.with(size: 1) { database in
            _ = try await database.pool.query(SQLStatement("CREATE TABLE t (id int)"))
            let insert = SQLStatement("INSERT INTO t VALUES (1)")
            try await database.pool.transaction { transaction in _ = try await transaction.query(insert) }
            try await database.pool.transaction { transaction in
                _ = try await transaction.query(insert)
                try await transaction.commit(after: [insert])
            }
            try await database.pool.transaction { transaction in _ = try await transaction.commit(after: [insert]) }
            await #expect(throws: CancellationError.self) {
                try await database.pool.transaction { transaction in
                    _ = try await transaction.query(insert)
                    throw CancellationError()
                }
            }
            #expect(try await database.count("SELECT count(*) FROM t") == 4)
        }
    }

    @Test func `an error that the body keeps to itself still fails the transaction`() async throws {
        try await TestDatabase.with(size: 1) { database in
            _ = try await database.pool.query(SQLStatement("CREATE TABLE t (id int)"))
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { transaction in
                    _ = try await transaction.query(SQLStatement("INSERT INTO t VALUES (1)"))
                    _ = try? await transaction.query(SQLStatement("SELECT nonsense"))
                }
            }
            #expect(error?.code == .sqlState("42703"))
            #expect(try await database.count("SELECT count(*) FROM t") == 0)
        }
    }

    @Test func `a session killed in a transaction is an outage and the pool recovers`() async throws {
        try await TestDatabase.with(size: 1) { database in
            _ = try await database.pool.query(SQLStatement("CREATE TABLE t (id int)"))
            let killer = try database.otherPool()
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { transaction in
                    let pid = try await transaction.query(SQLStatement("SELECT pg_backend_pid()"))[0].int(0) ?? 0
                    _ = try await transaction.query(SQLStatement("INSERT INTO t VALUES (1)"))
                    _ = try await killer.query(SQLStatement("SELECT pg_terminate_backend($1::int8::int)", [.int(pid)]))
                    _ = try await transaction.query(SQLStatement("INSERT INTO t VALUES (2)"))
                }
            }
            #expect(error?.isOutage == true)
            #expect(error?.isRetriable == true)
            #expect(try await database.count("SELECT count(*) FROM t") == 0)
            await killer.close()
        }
    }

    @Test func `a session killed while idle is replaced unseen`() async throws {
        try await TestDatabase.with(size: 1) { database in
            let killer = try database.otherPool()
            let pid = try await database.pool.query(SQLStatement("SELECT pg_backend_pid()"))[0].int(0) ?? 0
            _ = try await killer.query(SQLStatement("SELECT pg_terminate_backend($1::int8::int)", [.int(pid)]))
            let isGone = SQLStatement("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [.int(pid)])
            try await eventually("the session ends") { try await killer.query(isGone).isEmpty }
            #expect(try await database.count("SELECT 1") == 1)
            await killer.close()
        }
    }

    @Test func `callers are served in the order in which they came`() async throws {
        try await TestDatabase.with(size: 1) { database in
            _ = try await database.pool.query(SQLStatement("CREATE TABLE t (id bigserial, who int8)"))
            let gate = AsyncStream<Void>.makeStream()
            let holder = Task {
                try await database.pool.transaction { transaction in
                    _ = try await transaction.query(SQLStatement("SELECT 1"))
                    for await _ in gate.stream {}
                }
            }
            try await eventually("the connection is taken") { database.pool.inUse == 1 }
            var callers: [Task<Void, any Error>] = []
            for who in 0..<20 {
                callers.append(
                    Task {
                        _ = try await database.pool.query(
                            SQLStatement("INSERT INTO t (who) VALUES ($1)", [.int(Int64(who))])
                        )
                    }
                )
                try await eventually("caller \(who) waits") { database.pool.waiting == who + 1 }
            }
            gate.continuation.finish()
            try await holder.value
            for caller in callers { try await caller.value }
            let order = try await database.pool.query(SQLStatement("SELECT who FROM t ORDER BY id")).map { $0.int(0) }
            #expect(order == (0..<20).map { Int64($0) })
        }
    }

    @Test func `cancelling the task cancels the statement and keeps the connection`() async throws {
        try await TestDatabase.with(size: 1) { database in
            let pid = try await database.pool.query(SQLStatement("SELECT pg_backend_pid()"))[0].int(0)
            let task = Task { try await database.pool.query(SQLStatement("SELECT pg_sleep(60)")) }
            let watcher = try database.otherPool()
            let isSleeping = SQLStatement(
                "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'",
                [.int(pid ?? 0)]
            )
            try await eventually("the statement runs") { try await !watcher.query(isSleeping).isEmpty }
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(try await database.pool.query(SQLStatement("SELECT pg_backend_pid()"))[0].int(0) == pid)
            await watcher.close()
        }
    }

    @Test func `a cancelled caller leaves the queue`() async throws {
        try await TestDatabase.with(size: 1) { database in
            try await database.pool.transaction { transaction in
                _ = try await transaction.query(SQLStatement("SELECT 1"))
                let waiter = Task { try await database.pool.query(SQLStatement("SELECT 1")) }
                try await eventually("it waits") { database.pool.waiting == 1 }
                waiter.cancel()
                let error = await #expect(throws: PostgresError.self) { try await waiter.value }
                #expect(error?.code == .cancelled)
                #expect(database.pool.waiting == 0)
            }
        }
    }

    @Test func `a plan whose columns have changed is prepared again`() async throws {
        try await TestDatabase.with(size: 1) { database in
            _ = try await database.pool.query(SQLStatement("CREATE TABLE t (id int)"))
            _ = try await database.pool.query(SQLStatement("INSERT INTO t VALUES (1)"))
            let select = SQLStatement("SELECT * FROM t")
            #expect(try await database.pool.query(select)[0].int(0) == 1)
            let other = try database.otherPool()
            _ = try await other.query(SQLStatement("ALTER TABLE t ALTER id TYPE text"))
            #expect(try await database.pool.query(select)[0].text(0) == "1")
            _ = try await database.pool.query(SQLStatement("DEALLOCATE ALL"))
            #expect(try await database.pool.query(select)[0].text(0) == "1")
            await other.close()
        }
    }

    @Test func `a connection keeps no more prepared statements than it may`() async throws {
        try await TestDatabase.with(size: 1, migrated: false, { $0.preparedStatements = 8 }) { database in
            for number in Array(0..<40) + Array(0..<40) {
                let found = try await database.count("SELECT \(number)")
                #expect(found == number)
            }
            let prepared = try await database.count("SELECT count(*) FROM pg_prepared_statements")
            #expect(prepared <= 10)
        }
    }

    @Test func `without a server calls fail at once`() async throws {
        let configuration = try PostgresConfiguration(url: "postgresql://nobody@127.0.0.1:1/none")
        let pool = PostgresPool(configuration, size: 2, name: "dead")
        for _ in 0..<20 {
            let error = await #expect(throws: PostgresError.self) { try await pool.query(SQLStatement("SELECT 1")) }
            #expect(error?.code == .unavailable)
            #expect(error?.isOutage == true)
        }
        await pool.close()
    }

    @Test func `a server that says nothing is noticed`() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                _ = bind(listener, generic, length)
                _ = listen(listener, 1)
                _ = getsockname(listener, generic, &length)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        var configuration = try PostgresConfiguration(url: "postgresql://nobody@127.0.0.1:\(port)/none?sslmode=disable")
        configuration.connectTimeout = .milliseconds(200)
        let pool = PostgresPool(configuration, size: 1, name: "silent")
        // Without a limit of our own this call would never return.
        await #expect(throws: PostgresError.self) { try await pool.query(SQLStatement("SELECT 1")) }
        await pool.close()
    }

    @Test func `a listener receives notifications and survives the loss of its session`() async throws {
        try await TestDatabase.with(size: 1) { database in
            let channel = database.schema
            var heard = database.pool.listen(channel).makeAsyncIterator()
            #expect(await heard.next() != nil)
            _ = try await database.pool.query(SQLStatement("NOTIFY \(channel)"))
            #expect(await heard.next() != nil)
            let kill = SQLStatement(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN ' || $1",
                [.text(channel)]
            )
            _ = try await database.pool.query(kill)
            #expect(await heard.next() != nil)
            _ = try await database.pool.query(SQLStatement("NOTIFY \(channel)"))
            #expect(await heard.next() != nil)
        }
    }
}
