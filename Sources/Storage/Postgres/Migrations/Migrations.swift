/// The schema's steps and what a database has of them.
package enum Migrations {
    /// Every step, in order.
    package static let all: [Migration] = [
        Migration(number: 1, name: "core", sql: Migration0001Core.sql),
        Migration(number: 2, name: "audit", sql: Migration0002Audit.sql),
        Migration(number: 3, name: "quota", sql: Migration0003Quota.sql),
        Migration(number: 4, name: "notifications", sql: Migration0004Notifications.sql),
        Migration(number: 5, name: "tickets", sql: Migration0005Tickets.sql),
        Migration(number: 6, name: "search", sql: Migration0006Search.sql),
        Migration(number: 7, name: "subscriptions", sql: Migration0007Subscriptions.sql),
        Migration(number: 8, name: "audit_privacy", sql: Migration0008AuditPrivacy.sql),
        Migration(number: 9, name: "webhooks", sql: Migration0009Webhooks.sql),
        Migration(number: 10, name: "scans", sql: Migration0010Scans.sql),
        Migration(number: 11, name: "job_effects", sql: Migration0011JobEffects.sql),
    ]

    /// Any number, but always this one: whoever holds this advisory lock may change the schema.
    private static let lock: Int64 = 0x666c_6f74_696c_6c61

    /// Applies what is missing, each step in a transaction, one process at a time; returns what it applied.
    ///
    /// - Parameter progress: called before each step.
    /// - Throws: `MigrationError` when an applied step differs from ours, with its name; `PostgresError`.
    package static func apply(
        to pool: PostgresPool,
        _ migrations: [Migration] = all,
        progress: (Migration) -> Void = { _ in }
    ) async throws -> [Migration] {
        var configuration = pool.configuration
        // A step on a large table takes its time, and so does waiting for another process that applies it.
        configuration.statementTimeout = .seconds(3_600)
        let own = PostgresPool(configuration, size: 1, name: "\(pool.name)-migrate")
        do {
            var applied: [Migration] = []
            while let migration = try await step(own, migrations, progress) { applied.append(migration) }
            await own.close()
            return applied
        } catch {
            await own.close()
            throw error
        }
    }

    /// What the database lacks, in order; the same checks as ``apply(to:_:progress:)``, and no change.
    package static func pending(in pool: PostgresPool, _ migrations: [Migration] = all) async throws -> [Migration] {
        let isThere = try await pool.query(SQLStatement("SELECT to_regclass('schema_migrations') IS NOT NULL"))
        guard isThere.first?.bool(0) == true else { return try MigrationPlan.pending(migrations, after: []) }
        return try MigrationPlan.pending(migrations, after: applied(try await pool.query(list)))
    }

    /// Applies the next missing step; `nil` when there is none.
    private static func step(
        _ pool: PostgresPool,
        _ migrations: [Migration],
        _ progress: (Migration) -> Void
    ) async throws -> Migration? {
        try await pool.transaction { transaction -> Migration? in
            _ = try await transaction.query(SQLStatement("SELECT pg_advisory_xact_lock($1)", [.int(lock)]))
            let rows = try await transaction.pipeline([SQLStatement(table), list])[1]
            guard let next = try MigrationPlan.pending(migrations, after: applied(rows)).first else { return nil }
            progress(next)
            do throws(PostgresError) {
                try await transaction.script(next.sql)
            } catch {
                if error.isOutage || error.code == .cancelled { throw error }
                throw MigrationError(
                    code: .failed,
                    operation: "migration \(next.label)",
                    detail: error.description,
                    isRetriable: error.isRetriable
                )
            }
            try await transaction.commit(after: [
                SQLStatement(
                    "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1::bigint::integer, $2, $3)",
                    [.int(Int64(next.number)), .text(next.name), .bytes(next.checksum)]
                )
            ])
            return next
        }
    }

    private static let table = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            number integer NOT NULL CONSTRAINT pk_schema_migrations PRIMARY KEY,
            name text NOT NULL,
            checksum bytea NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now())
        """

    private static let list = SQLStatement("SELECT number, name, checksum FROM schema_migrations ORDER BY number")

    private static func applied(_ rows: SQLResult) -> [AppliedMigration] {
        rows.map { row in
            AppliedMigration(number: Int(row.int(0) ?? 0), name: row.text(1) ?? "", checksum: row.bytes(2) ?? [])
        }
    }
}
