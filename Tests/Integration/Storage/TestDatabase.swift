import Foundation
import Storage
import Testing

/// A schema of its own in the database of `DATABASE_URL`, dropped at the end.
struct TestDatabase: Sendable {
    /// Skips a suite without servers, but not under `CI`, where it has to fail.
    static let isAvailable =
        ProcessInfo.processInfo.environment["DATABASE_URL"] != nil
        || ProcessInfo.processInfo.environment["CI"] != nil

    let schema: String
    let url: String
    let pool: PostgresPool

    /// - Parameter change: adapts the configuration.
    static func with<R>(
        size: Int = 4,
        migrated: Bool = false,
        _ change: (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (TestDatabase) async throws -> R
    ) async throws -> R {
        let base = try #require(ProcessInfo.processInfo.environment["DATABASE_URL"], "DATABASE_URL is not set")
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
            if migrated { _ = try await Migrations.apply(to: database.pool) }
            result = .success(try await body(database))
        } catch { result = .failure(error) }
        await database.pool.close()
        _ = try await admin.query(SQLStatement("DROP SCHEMA \(schema) CASCADE"))
        await admin.close()
        return try result.get()
    }

    /// Another pool on the same schema.
    func otherPool(size: Int = 1, named name: String = "other") throws -> PostgresPool {
        PostgresPool(try PostgresConfiguration(url: url), size: size, name: name)
    }

    func count(_ sql: String) async throws -> Int {
        Int(try await pool.query(SQLStatement(sql))[0].int(0) ?? -1)
    }
}

/// Polls until the condition holds; fails after `limit`.
func eventually(
    _ what: Comment,
    within limit: Duration = .seconds(10),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard .now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
