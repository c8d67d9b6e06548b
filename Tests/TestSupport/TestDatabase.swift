package import FlotillaStorage
import Foundation

/// A schema of its own in the database of `DATABASE_URL`, dropped at the end.
package struct TestDatabase: Sendable {
    /// Skips a suite without servers, but not under `CI`, where it has to fail.
    package static let isAvailable =
        ProcessInfo.processInfo.environment["DATABASE_URL"] != nil
        || ProcessInfo.processInfo.environment["CI"] != nil

    /// Tests run side by side, and each holds several connections: this many schemas are in use at a time.
    private static let places = Places(8)

    package let schema: String
    package let url: String
    package let pool: PostgresPool

    /// - Parameters:
    ///   - schema: the modules whose tables are made.
    ///   - change: adapts the configuration.
    package static func with<R>(
        size: Int = 4,
        schema modules: [SchemaModule] = [],
        _ change: (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (TestDatabase) async throws -> R
    ) async throws -> R {
        guard let base = ProcessInfo.processInfo.environment["DATABASE_URL"] else {
            throw TestSetupError(description: "DATABASE_URL is not set; run make test, which starts the servers")
        }
        await places.take()
        defer { places.giveBack() }
        let schema = "t_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        let admin = PostgresPool(try PostgresConfiguration(url: base), size: 1, name: "admin")
        _ = try await admin.query(SQLStatement("CREATE SCHEMA \(schema)"))
        let url = base + (base.contains("?") ? "&" : "?") + "options=-csearch_path%3D\(schema)"
        var configuration = try PostgresConfiguration(url: url)
        change(&configuration)
        let database = TestDatabase(
            schema: schema,
            url: url,
            pool: PostgresPool(configuration, size: size, name: "test")
        )
        let result: Result<R, any Error>
        do {
            if !modules.isEmpty { _ = try await Migrations.apply(to: database.pool, modules) }
            result = .success(try await body(database))
        } catch { result = .failure(error) }
        await database.pool.close()
        try await drop(schema, admin)
        await admin.close()
        return try result.get()
    }

    /// What still writes when a test ends, and whatever cleans tables up, lock them in another order: the loser of a deadlock
    /// tries again.
    private static func drop(_ schema: String, _ admin: PostgresPool) async throws {
        var attempts = 20
        while true {
            do throws(PostgresError) {
                _ = try await admin.query(SQLStatement("DROP SCHEMA \(schema) CASCADE"))
                return
            } catch {
                attempts -= 1
                guard attempts > 0, error.isRetriable, !error.isOutage else { throw error }
            }
        }
    }

    /// Another pool on the same schema.
    package func otherPool(size: Int = 1, named name: String = "other") throws -> PostgresPool {
        PostgresPool(try PostgresConfiguration(url: url), size: size, name: name)
    }

    package func count(_ sql: String) async throws -> Int {
        Int(try await pool.query(SQLStatement(sql))[0].int(0) ?? -1)
    }
}
