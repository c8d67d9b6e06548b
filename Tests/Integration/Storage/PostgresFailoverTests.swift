import FlotillaStorage
import FlotillaTestSupport
import Glibc
import Foundation
import Testing

/// Servers of the tests' own that are demoted, stopped and cut off.
@Suite(.enabled(if: PostgresServer.isAvailable), .timeLimit(.minutes(10)))
struct PostgresFailoverTests {
    private func configuration(_ url: String) throws -> PostgresConfiguration {
        var configuration = try PostgresConfiguration(url: url)
        configuration.silenceTimeout = .seconds(2)
        // Nothing ends by this one within the limits of the tests.
        configuration.statementTimeout = .seconds(120)
        return configuration
    }

    private let insert = SQLStatement("INSERT INTO t VALUES (1)")

    @Test
    func `after a failover that sessions outlive, the pool and the probe are on the new server within ten seconds`()
        async throws
    {
        try await PostgresServer.with { old in
            try await old.withStandby { new in
                let proxy = try TCPProxy(to: .socket(old.socket))
                let url = "postgresql://flotilla@127.0.0.1:\(proxy.port)/postgres?sslmode=disable"
                let pool = PostgresPool(try configuration(url), size: 3, name: "test")
                let probe = WriteProbe(try configuration(url), name: "test", timeout: .seconds(5))
                _ = try await pool.query(SQLStatement("CREATE TABLE t (id int)"))
                try await probe.check()

                let admin = PostgresPool(try configuration(old.url), size: 1, name: "admin")
                _ = try await admin.query(SQLStatement("ALTER SYSTEM SET default_transaction_read_only = on"))
                _ = try await admin.query(SQLStatement("SELECT pg_reload_conf()"))
                try await eventually("the old server is read-only") {
                    do throws(PostgresError) { try await probe.check() } catch { return error.isReadOnly }
                    return false
                }
                let error = await #expect(throws: PostgresError.self) { try await pool.query(insert) }
                #expect(error?.isOutage == true)
                #expect(try await pool.query(SQLStatement("SELECT count(*) FROM t"))[0].int(0) == 0, "reads go on")

                let standby = PostgresPool(try configuration(new.url), size: 1, name: "standby")
                try await eventually("the table has come over") {
                    (try? await standby.query(SQLStatement("SELECT count(*) FROM t"))) != nil
                }
                _ = try await standby.query(SQLStatement("SELECT pg_promote()"))
                proxy.lead(to: .socket(new.socket))
                let start = ContinuousClock.now
                try await eventually("a write goes through") { (try? await pool.query(insert)) != nil }
                try await eventually("the probe sees it") { (try? await probe.check()) != nil }
                // Ten on a machine that does nothing else.
                #expect(.now - start < .seconds(30))
                #expect(try await standby.query(SQLStatement("SELECT count(*) FROM t"))[0].int(0) == 1)
                for pool in [pool, admin, standby] { await pool.close() }
                await probe.close()
                proxy.close()
            }
        }
    }

    @Test func `the probe fails on a standby, reads there go on, and of two hosts the one that takes writes is chosen`()
        async throws
    {
        try await PostgresServer.with { primary in
            try await primary.withStandby { standby in
                let probe = WriteProbe(try configuration(standby.url), name: "test", timeout: .seconds(5))
                let error = await #expect(throws: PostgresError.self) { try await probe.check() }
                #expect(error?.cause == "read-only")
                let reader = PostgresPool(try configuration(standby.url), size: 1, name: "reader")
                #expect(try await reader.query(SQLStatement("SELECT pg_is_in_recovery()"))[0].bool(0) == true)

                let url = "postgresql://flotilla@/postgres?host=\(standby.folder),\(primary.folder)"
                let both = PostgresPool(try configuration(url), size: 1, name: "both")
                #expect(try await both.query(SQLStatement("SELECT pg_is_in_recovery()"))[0].bool(0) == false)
                let any = PostgresPool(try configuration(url + "&target_session_attrs=any"), size: 1, name: "any")
                #expect(try await any.query(SQLStatement("SELECT pg_is_in_recovery()"))[0].bool(0) == true)
                for pool in [reader, both, any] { await pool.close() }
                await probe.close()
            }
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible, "a file system can't be mounted"))
    func `a full disk is an outage that says so, its session is used no more, and room ends it`() async throws {
        let disk = try SmallDisk(kilobytes: 2_000)
        defer { disk.remove() }
        if let account = getpwnam("postgres") {
            chown(disk.folder.path, account.pointee.pw_uid, account.pointee.pw_gid)
        }
        try await PostgresServer.with { server in
            let pool = PostgresPool(try configuration(server.url), size: 1, name: "test")
            for statement in [
                "CREATE TABLESPACE small LOCATION '\(disk.folder.path)'", "CREATE TABLE t (x text) TABLESPACE small",
            ] { _ = try await pool.query(SQLStatement(statement)) }
            let session = SQLStatement("SELECT pg_backend_pid()")
            let before = try await pool.query(session)[0].int(0)
            #expect(try await pool.query(session)[0].int(0) == before)
            let fill = SQLStatement("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 5000)")
            let error = await problem { _ = try await pool.query(fill) }
            #expect(error?.code == .sqlState("53100"))
            #expect(error?.cause == "disk full")
            #expect(error?.isOutage == true)
            #expect(try await pool.query(session)[0].int(0) != before)
            try disk.grow(toKilobytes: 50_000)
            _ = try await pool.query(fill)
            #expect(try await pool.query(SQLStatement("SELECT count(*) FROM t"))[0].int(0) == 5_000)
            await pool.close()
        }
    }

    @Test func `a server that is stopped where it stands is out, for transactions, plain queries and the probe`()
        async throws
    {
        try await PostgresServer.with { server in
            let pool = PostgresPool(try configuration(server.url), size: 2, name: "test")
            let probe = WriteProbe(try configuration(server.url), name: "test")
            _ = try await pool.query(SQLStatement("CREATE TABLE t (id int)"))
            try await probe.check()
            // Two sessions are there before it stops.
            try await pool.transaction { first in
                _ = try await first.query(insert)
                _ = try await pool.query(SQLStatement("SELECT 1"))
            }
            try server.freeze()
            let start = ContinuousClock.now
            async let limited = problem { _ = try await pool.pipeline([insert], within: .seconds(1)) }
            async let plain = problem { _ = try await pool.query(insert) }
            async let asked = problem { try await probe.check() }
            let errors = await [limited, plain, asked]
            #expect(.now - start < .seconds(40))
            #expect(errors.map { $0?.code } == [.unavailable, .unavailable, .unavailable])
            #expect(errors[0]?.isCommitUnknown == true)
            try server.thaw()
            try await eventually("the pool is at work again", within: .seconds(30)) {
                (try? await pool.query(insert)) != nil
            }
            try await probe.check()
            await pool.close()
            await probe.close()
        }
    }

    @Test func `a cancelled task does not wait for a server that is stopped`() async throws {
        try await PostgresServer.with { server in
            var patient = try configuration(server.url)
            patient.silenceTimeout = .seconds(600)
            let pool = PostgresPool(patient, size: 1, name: "test")
            _ = try await pool.query(SQLStatement("CREATE TABLE t (id int)"))
            try server.freeze()
            let waiting = Task { try await pool.query(insert) }
            try await eventually("it is on its way") { pool.inUse == 1 }
            let start = ContinuousClock.now
            waiting.cancel()
            let error = await #expect(throws: PostgresError.self) { try await waiting.value }
            #expect(.now - start < .seconds(40))
            #expect(error?.code == .unavailable || error?.code == .cancelled)
            try server.thaw()
            await pool.close()
        }
    }

    @Test func `a way that swallows everything is noticed within twenty seconds, with and without a deadline`()
        async throws
    {
        try await PostgresServer.with { server in
            let proxy = try TCPProxy(to: .socket(server.socket))
            let url = "postgresql://flotilla@127.0.0.1:\(proxy.port)/postgres?sslmode=disable"
            // The limits of production, but for the one that is not to end it.
            var configuration = try PostgresConfiguration(url: url)
            configuration.statementTimeout = .seconds(120)
            let pool = PostgresPool(configuration, size: 2, name: "test")
            _ = try await pool.query(SQLStatement("CREATE TABLE t (id int)"))
            try await pool.transaction { first in
                _ = try await first.query(insert)
                _ = try await pool.query(SQLStatement("SELECT 1"))
            }
            proxy.freeze()
            let start = ContinuousClock.now
            async let limited = problem { _ = try await pool.pipeline([insert], within: .seconds(10)) }
            async let plain = problem { _ = try await pool.query(insert) }
            let errors = await [limited, plain]
            // Twenty on a machine that does nothing else.
            #expect(.now - start < .seconds(40))
            #expect(errors.map { $0?.code } == [.unavailable, .unavailable])
            proxy.thaw()
            try await eventually("the pool is at work again", within: .seconds(30)) {
                (try? await pool.query(insert)) != nil
            }
            await pool.close()
            proxy.close()
        }
    }

    @Test func `an answer that is lost on the way is noticed, although the server answers others`() async throws {
        try await PostgresServer.with { server in
            let proxy = try TCPProxy(to: .socket(server.socket))
            let url = "postgresql://flotilla@127.0.0.1:\(proxy.port)/postgres?sslmode=disable"
            let pool = PostgresPool(try configuration(url), size: 1, name: "test")
            _ = try await pool.query(SQLStatement("CREATE TABLE t (id int)"))
            proxy.freezeOpen()
            let error = await problem { _ = try await pool.query(insert) }
            #expect(error?.code == .unavailable)
            _ = try await pool.query(insert)
            await pool.close()
            proxy.close()
        }
    }

    private func problem(_ body: () async throws -> Void) async -> PostgresError? {
        do {
            try await body()
            return nil
        } catch { return error as? PostgresError }
    }
}
