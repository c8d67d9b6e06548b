import FlotillaModules
import FlotillaHTTPRouting
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIOutageTests {
    /// A database of its own that a test changes, and ends the sessions of.
    private struct OwnDatabase {
        let name: String
        let pool: PostgresPool
        let admin: PostgresPool

        func alter(_ change: String) async throws {
            _ = try await admin.query(SQLStatement("ALTER DATABASE \(name) \(change)"))
        }

        func endSessions() async throws {
            let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1"
            _ = try await admin.query(SQLStatement(end, [.text(name)]))
        }

        /// Closed to everyone it looks like a server that is down.
        func setOpen(_ isOpen: Bool) async throws {
            try await alter("ALLOW_CONNECTIONS \(isOpen)")
            if !isOpen { try await endSessions() }
        }
    }

    private func withOwnDatabase(_ body: (OwnDatabase) async throws -> Void) async throws {
        guard let base = ProcessInfo.processInfo.environment["DATABASE_URL"] else {
            throw TestSetupError(description: "DATABASE_URL is not set; run make test, which starts the servers")
        }
        let name = "outage_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        let admin = PostgresPool(try PostgresConfiguration(url: base), size: 1, name: "admin")
        _ = try await admin.query(SQLStatement("CREATE DATABASE \(name)"))
        let url = base + (base.contains("?") ? "&" : "?") + "dbname=\(name)"
        let pool = PostgresPool(try PostgresConfiguration(url: url), size: 4, name: "test")
        let result: Result<Void, any Error>
        do {
            _ = try await Migrations.apply(to: pool, FleetProgram.schema())
            try await body(OwnDatabase(name: name, pool: pool, admin: admin))
            result = .success(())
        } catch { result = .failure(error) }
        await pool.close()
        _ = try await admin.query(SQLStatement("DROP DATABASE \(name) WITH (FORCE)"))
        await admin.close()
        try result.get()
    }

    @Test func `without Postgres it is 503 with Retry-After, and it recovers by itself`() async throws {
        try await withOwnDatabase { database in
            try await APIFixture.with(database.pool) { api in
                let job = #"{"type":"audit.write","payload":{}}"#
                #expect(try await api.call("POST", "/api/v1/jobs", job).status == 202)
                try await database.setOpen(false)
                for (method, path, body) in [
                    ("POST", "/api/v1/jobs", job), ("POST", "/api/v1/events", #"{"type":"a","data":1}"#),
                    ("GET", "/api/v1/jobs", nil),
                ] {
                    let response = try await api.call(method, path, body)
                    #expect(response.status == 503, "\(path): \(response.body)")
                    #expect(response.header("Retry-After") != nil)
                }
                try await eventually("it is not ready") { try await api.call("GET", "/health/ready").status == 503 }
                #expect(try await api.call("GET", "/health/live").status == 200)
                try await database.setOpen(true)
                try await eventually("jobs are taken in again") {
                    try await api.call("POST", "/api/v1/jobs", job).status == 202
                }
                try await eventually("it is ready") { try await api.call("GET", "/health/ready").status == 200 }
                let rows = try await database.pool.query(SQLStatement("SELECT count(*) FROM jobs"))
                #expect(rows[0].int(0) == 2)
            }
        }
    }

    @Test func `a Postgres that takes no writes is told by readiness, and is used within ten seconds of its end`()
        async throws
    {
        try await withOwnDatabase { database in
            try await APIFixture.with(database.pool) { api in
                let job = #"{"type":"audit.write","payload":{}}"#
                #expect(try await api.call("POST", "/api/v1/jobs", job).status == 202)
                try await database.alter("SET default_transaction_read_only = on")
                try await database.endSessions()
                try await eventually("readiness names the cause") {
                    let answer = try await api.call("GET", "/health/ready")
                    return answer.status == 503 && answer.body.contains(#""problem":"read-only""#)
                }
                let refused = try await api.call("POST", "/api/v1/jobs", job)
                #expect(refused.status == 503)
                #expect(refused.header("Retry-After") != nil)
                // The sessions stay as they are: a failover leaves them, too.
                try await database.alter("RESET default_transaction_read_only")
                // Ten seconds on a machine that does nothing else.
                try await eventually("jobs are taken in again", within: .seconds(30)) {
                    try await api.call("POST", "/api/v1/jobs", job).status == 202
                }
                try await eventually("it is ready", within: .seconds(30)) {
                    try await api.call("GET", "/health/ready").status == 200
                }
            }
        }
    }

    @Test func `while the broker asks for less, nothing new is taken in and everything else goes on`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let alarm = Atomic(true)
            let admission = AdmissionControl { alarm.load(ordering: .relaxed) ? "The broker" : nil }
            try await APIFixture.with(database.pool, admission: admission) { api in
                let event = #"{"type":"a","data":1}"#
                let refused = try await api.call("POST", "/api/v1/events", event)
                #expect(refused.status == 503)
                #expect(refused.header("Retry-After") == "5")
                #expect(try await api.call("GET", "/api/v1/jobs").status == 200)
                alarm.store(false, ordering: .relaxed)
                #expect(try await api.call("POST", "/api/v1/events", event).status == 202)
                #expect(try await database.count("SELECT count(*) FROM outbox") == 1)
            }
        }
    }
}
