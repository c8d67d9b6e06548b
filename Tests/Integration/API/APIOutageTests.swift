import FlotillaModules
import FlotillaHTTPRouting
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIOutageTests {
    /// A database of its own that can be closed to everyone, which looks like a server that is down.
    private func withClosableDatabase(
        _ body: (PostgresPool, _ setOpen: (Bool) async throws -> Void) async throws -> Void
    ) async throws {
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
            try await body(pool) { isOpen in
                _ = try await admin.query(SQLStatement("ALTER DATABASE \(name) ALLOW_CONNECTIONS \(isOpen)"))
                let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1"
                if !isOpen { _ = try await admin.query(SQLStatement(end, [.text(name)])) }
            }
            result = .success(())
        } catch { result = .failure(error) }
        await pool.close()
        _ = try await admin.query(SQLStatement("DROP DATABASE \(name) WITH (FORCE)"))
        await admin.close()
        try result.get()
    }

    @Test func `without Postgres it is 503 with Retry-After, and it recovers by itself`() async throws {
        try await withClosableDatabase { pool, setOpen in
            try await APIFixture.with(pool) { api in
                let job = #"{"type":"audit.write","payload":{}}"#
                #expect(try await api.call("POST", "/api/v1/jobs", job).status == 202)
                try await setOpen(false)
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
                try await setOpen(true)
                try await eventually("jobs are taken in again") {
                    try await api.call("POST", "/api/v1/jobs", job).status == 202
                }
                try await eventually("it is ready") { try await api.call("GET", "/health/ready").status == 200 }
                let rows = try await pool.query(SQLStatement("SELECT count(*) FROM jobs"))
                #expect(rows[0].int(0) == 2)
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
