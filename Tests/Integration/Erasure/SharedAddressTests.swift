@testable import FlotillaAudit
@testable import FlotillaErasure
import FlotillaStorage
import FlotillaTestSupport
import Testing

/// Whoever has the same address as the person is somebody else, until the operator says otherwise.
@Suite(.enabled(if: TestServers.areAvailable))
struct SharedAddressTests {
    private func plant(_ keys: [String], _ pool: PostgresPool) async throws {
        for key in keys {
            _ = try await pool.query(
                SQLStatement(
                    "INSERT INTO recipients (key, name, email, times) VALUES ($1, $1, 'home@example.com', '{}')",
                    [.text(key)]
                )
            )
        }
    }

    private func left(_ pool: PostgresPool) async throws -> [String] {
        let rows = try await pool.query(
            SQLStatement("SELECT key FROM recipients WHERE email IS NOT NULL ORDER BY key")
        )
        return rows.compactMap { $0.text(0) }
    }

    @Test func `nobody is forgotten who shares an address with the person, unless it is asked for`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let pool = database.pool
            try await plant(["user:u-31", "user:u-32"], pool)
            let erasure = try ForgetTests.erasure(pool)
            let report = try await erasure.forget("user:u-31", by: nil)
            #expect(report.linked == ["user:u-32"])
            await #expect(throws: AuditError.self) { try await erasure.forget("user:u-31", by: ForgetTests.request) }
            #expect(try await left(pool) == ["user:u-31", "user:u-32"])
            _ = try await erasure.forget("user:u-31", linked: .leftAlone, by: ForgetTests.request)
            #expect(try await left(pool) == ["user:u-32"])
        }
    }

    @Test func `both go when that is asked for`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await plant(["customer:k-31", "user:u-33"], database.pool)
            let erasure = try ForgetTests.erasure(database.pool)
            _ = try await erasure.forget("customer:k-31", linked: .included, by: ForgetTests.request)
            #expect(try await left(database.pool) == [])
        }
    }

    @Test func `an address names who alone has it, and asks where several have it`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await plant(["user:u-31"], database.pool)
            let erasure = try ForgetTests.erasure(database.pool)
            #expect(try await erasure.forget("home@example.com", by: nil).linked == [])
            try await plant(["user:u-32"], database.pool)
            #expect(try await erasure.forget("home@example.com", by: nil).linked == ["user:u-31", "user:u-32"])
        }
    }
}
