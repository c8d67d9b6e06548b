@testable import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

/// What a PgBouncer between us and Postgres does to sessions.
@Suite(.enabled(if: TestDatabase.isAvailable && PgBouncer.isAvailable))
struct PoolerTests {
    /// Hands a database of its own and a pooler before it to `body`, and drops them.
    private func with(
        _ mode: PgBouncer.Mode,
        sessions: Int = 2,
        _ body: (_ bouncer: PgBouncer, _ database: String, _ direct: String) async throws -> Void
    ) async throws {
        let base = try TestServers.url("DATABASE_URL")
        let admin = PostgresPool(try PostgresConfiguration(url: base), size: 1, name: "admin")
        let database = "pooled_" + TestServers.uniqueWord()
        _ = try await admin.query(SQLStatement("CREATE DATABASE \(database)"))
        let bouncer = try await PgBouncer(mode, before: base, sessions: sessions)
        var direct = try #require(URLComponents(string: base))
        direct.path = "/" + database
        let result: Result<Void, any Error>
        do { result = .success(try await body(bouncer, database, direct.string ?? "")) } catch {
            result = .failure(error)
        }
        try await bouncer.stop()
        // It goes with the server: each DROP DATABASE is a checkpoint, for which the other tests would wait.
        await admin.close()
        try result.get()
    }

    /// - Parameter connectTimeout: in half of it a second session has to tell that the pooler shares them.
    private func pool(
        _ url: String,
        _ pooler: PostgresPooler = .none,
        direct: String? = nil,
        size: Int = 1,
        connectTimeout: Duration = .seconds(5)
    ) throws -> PostgresPool {
        var configuration = try PostgresConfiguration(url: url, pooler: pooler, directURL: direct)
        configuration.connectTimeout = connectTimeout
        return PostgresPool(configuration, size: size, name: "test")
    }

    private func refusal(_ pool: PostgresPool) async -> PostgresError? {
        do throws(PostgresError) {
            _ = try await pool.ping()
            return nil
        } catch { return error }
    }

    @Test(arguments: [1, 2, 5])
    func `shared sessions are refused unless the configuration tells of them`(sessions: Int) async throws {
        try await with(.transaction, sessions: sessions) { bouncer, database, _ in
            let pool = try pool(bouncer.url(database: database), connectTimeout: .seconds(60))
            let error = await refusal(pool)
            #expect(error?.code == .sharedSession)
            #expect(error?.detail.contains("FLOTILLA_POSTGRES_POOLER=transaction") == true)
            #expect(error?.isOutage == true, "no message pays for it")
            await pool.close()
        }
    }

    @Test func `shared sessions are refused while others use them`() async throws {
        try await with(.transaction, sessions: 3) { bouncer, database, _ in
            let others = try pool(bouncer.url(database: database), .transaction, size: 3)
            let load = Task {
                await withTaskGroup { group in
                    for _ in 0..<3 {
                        group.addTask { while !Task.isCancelled { _ = try? await others.ping() } }
                    }
                }
            }
            for _ in 0..<5 {
                let pool = try pool(bouncer.url(database: database), connectTimeout: .seconds(60))
                #expect(await refusal(pool)?.code == .sharedSession)
                await pool.close()
            }
            load.cancel()
            await load.value
            await others.close()
        }
    }

    @Test(arguments: PostgresPooler.allCases)
    func `sessions for a statement are refused in every case`(pooler: PostgresPooler) async throws {
        try await with(.statement) { bouncer, database, _ in
            let pool = try pool(bouncer.url(database: database), pooler, connectTimeout: .seconds(60))
            #expect(await refusal(pool)?.code == .sharedSession)
            await pool.close()
        }
    }

    @Test func `whole sessions are as good as the server's own`() async throws {
        try await with(.session, sessions: 4) { bouncer, database, _ in
            let pool = try pool(bouncer.url(database: database), size: 2)
            for number in 0..<20 {
                let answer = try await pool.query(SQLStatement("SELECT $1::int8 + 1", [.int(Int64(number))]))
                #expect(answer.first?.int(0) == Int64(number + 1))
            }
            let settings = try await pool.query(SQLStatement("SELECT current_setting('statement_timeout')"))
            #expect(settings.first?.text(0) == "30s")
            await pool.close()
        }
    }

    @Test func `the last free session is taken, although no second one can be compared with it`() async throws {
        try await with(.session, sessions: 1) { bouncer, database, _ in
            let pool = try pool(bouncer.url(database: database))
            #expect(try await pool.query(SQLStatement("SELECT 1")).first?.int(0) == 1)
            await pool.close()
        }
    }

    @Test func `a pooler that begins to share sessions is an outage, and no other statement is executed`() async throws
    {
        try await with(.session, sessions: 2) { bouncer, database, _ in
            let pool = try pool(bouncer.url(database: database), size: 2)
            _ = try await pool.ping()
            try await bouncer.restart(.transaction)
            try await eventually("the pooler is refused") {
                await withTaskGroup { group in
                    for worker in 0..<4 {
                        group.addTask { () -> Bool in
                            for number in 0..<20 {
                                let expected = "\(worker) \(number)"
                                do throws(PostgresError) {
                                    let text = "SELECT $1 || ' \(number)'"
                                    let answer = try await pool.query(SQLStatement(text, [.text("\(worker)")]))
                                    #expect(answer.first?.text(0) == expected)
                                } catch {
                                    #expect(error.isOutage, "\(error)")
                                    if error.code == .sharedSession { return true }
                                }
                            }
                            return false
                        }
                    }
                    return await group.reduce(false) { $0 || $1 }
                }
            }
            await pool.close()
        }
    }

    @Test func `many connections share few sessions, each with its own statements and settings`() async throws {
        try await with(.transaction, sessions: 2) { bouncer, database, direct in
            let admin = try pool(direct)
            _ = try await admin.query(SQLStatement("ALTER DATABASE \(database) SET timezone TO 'Asia/Tokyo'"))
            _ = try await admin.query(SQLStatement("ALTER DATABASE \(database) SET statement_timeout TO '77s'"))
            _ = try await admin.query(SQLStatement("CREATE TABLE counters (id int8 PRIMARY KEY, count int8 NOT NULL)"))
            _ = try await admin.query(SQLStatement("INSERT INTO counters SELECT n, 0 FROM generate_series(0, 3) AS n"))
            let pools = try [
                pool(bouncer.url(database: database), .transaction, size: 3),
                pool(bouncer.url(database: database), .transaction, size: 3),
            ]
            try await withThrowingTaskGroup { group in
                for worker in 0..<8 {
                    group.addTask {
                        for number in 0..<25 { try await Self.work(pools[worker % 2], worker, number) }
                    }
                }
                try await group.waitForAll()
            }
            let sum = try await admin.query(SQLStatement("SELECT sum(count)::int8 FROM counters"))
            #expect(sum.first?.int(0) == 200)
            let sessions = SQLStatement("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", [.text(database)])
            #expect(try await admin.query(sessions).first?.int(0) ?? 9 <= 3)
            for pool in pools { await pool.close() }
            // The pooler's sessions as another client finds them.
            let url = bouncer.url(database: database)
            #expect(try await Self.psql(url, "SHOW TimeZone") == "Asia/Tokyo")
            #expect(try await Self.psql(url, "SHOW statement_timeout") == "77s")
            #expect(try await Self.psql(url, "SELECT count(*) FROM pg_prepared_statements") == "0")
            await admin.close()
        }
    }

    /// One transaction of several trips and one statement alone, with texts that differ and parameters that do not.
    private static func work(_ pool: PostgresPool, _ worker: Int, _ number: Int) async throws {
        let answers = try await pool.transaction { transaction in
            let first = try await transaction.query(
                SQLStatement("SELECT current_setting('TimeZone'), $1 || '\(worker)'", [.text("a")])
            )
            let second = try await transaction.query(
                SQLStatement("SELECT current_setting('statement_timeout'), $1 || '\(number)'", [.text("b")])
            )
            try await transaction.commit(after: [
                SQLStatement("UPDATE counters SET count = count + 1 WHERE id = $1", [.int(Int64(worker % 4))])
            ])
            return [first[0].text(0), first[0].text(1), second[0].text(0), second[0].text(1)]
        }
        #expect(answers == ["UTC", "a\(worker)", "30s", "b\(number)"])
        let alone = try await pool.query(SQLStatement("SELECT current_setting('TimeZone'), $1::int8", [.int(7)]))
        #expect(alone[0].text(0) == "UTC")
        #expect(alone[0].int(1) == 7)
    }

    @Test func `migrations and notifications go past the pooler`() async throws {
        try await with(.transaction) { bouncer, database, direct in
            let pool = try pool(bouncer.url(database: database), .transaction, direct: direct, size: 2)
            #expect(try await Migrations.apply(to: pool, [.core]).count == SchemaModule.core.migrations.count)
            var notifications = pool.listen("pooled_channel").makeAsyncIterator()
            await notifications.next()
            _ = try await pool.query(SQLStatement("SELECT pg_notify('pooled_channel', '')"))
            await notifications.next()
            await pool.close()
        }
    }

    @Test func `migrations go through the pooler where there is no other way`() async throws {
        try await with(.transaction) { bouncer, database, _ in
            let pool = try pool(bouncer.url(database: database), .transaction)
            #expect(try await Migrations.apply(to: pool, [.core]).count == SchemaModule.core.migrations.count)
            #expect(try await Migrations.pending(in: pool, [.core]).isEmpty)
            await pool.close()
        }
    }

    @Test func `a direct address that leads to a pooler as well is refused`() async throws {
        try await with(.transaction) { bouncer, database, _ in
            let url = bouncer.url(database: database)
            let pool = try pool(url, .transaction, direct: url, connectTimeout: .seconds(60))
            let error = await #expect(throws: PostgresError.self) { try await Migrations.apply(to: pool, [.core]) }
            #expect(error?.code == .sharedSession)
            #expect(error?.detail.hasPrefix("DATABASE_DIRECT_URL") == true)
            await pool.close()
        }
    }

    private static func psql(_ url: String, _ sql: String) async throws -> String {
        try await offPool {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/psql")
            process.arguments = ["--no-psqlrc", "-At", "-c", sql, url]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            return text.split(separator: "\n").joined()
        }
    }
}
