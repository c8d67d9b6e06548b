/// Brings a database to the schema that modules need.
package enum Migrations {
    /// Any number, but always this one: whoever holds this advisory lock may change the schema.
    private static let lock: Int64 = 0x666c_6f74_696c_6c61

    /// Applies what is missing, each step in a transaction, one process at a time; returns what it applied.
    ///
    /// - Parameters:
    ///   - modules: in the order in which their steps are applied; the core first.
    ///   - progress: called before each step.
    /// - Throws: `MigrationError` when an applied step differs from ours, with its name; `PostgresError`.
    package static func apply(
        to pool: PostgresPool,
        _ modules: [SchemaModule],
        progress: (SchemaStep) -> Void = { _ in }
    ) async throws -> [SchemaStep] {
        var configuration = pool.configuration.withOwnSessions ?? pool.configuration
        // A step on a large table takes its time, and so does waiting for another process that applies it.
        configuration.statementTimeout = .seconds(3_600)
        let own = PostgresPool(configuration, size: 1, name: "\(pool.name)-migrate")
        do {
            var applied: [SchemaStep] = []
            while let step = try await step(own, modules, progress) { applied.append(step) }
            await own.close()
            return applied
        } catch {
            await own.close()
            throw error
        }
    }

    /// What the database lacks, in order; the same checks as ``apply(to:_:progress:)``, and no change.
    package static func pending(in pool: PostgresPool, _ modules: [SchemaModule]) async throws -> [SchemaStep] {
        if case .none = SchemaTable.form(try await pool.query(SchemaTable.form)) {
            return try MigrationPlan.pending(modules, after: [])
        }
        let applied = try SchemaTable.applied(try await pool.query(SchemaTable.list), modules)
        return try MigrationPlan.pending(modules, after: applied)
    }

    /// Applies the next missing step; `nil` when there is none.
    private static func step(
        _ pool: PostgresPool,
        _ modules: [SchemaModule],
        _ progress: (SchemaStep) -> Void
    ) async throws -> SchemaStep? {
        try await pool.transaction { transaction -> SchemaStep? in
            _ = try await transaction.query(SQLStatement("SELECT pg_advisory_xact_lock($1)", [.int(lock)]))
            if case .numberedAsOne = SchemaTable.form(try await transaction.query(SchemaTable.form)) {
                // Refused before anything is changed when a step belongs to no module of this program.
                _ = try SchemaTable.applied(try await transaction.query(SchemaTable.list), modules)
                _ = try await transaction.pipeline(SchemaTable.upgrade(modules))
            }
            let rows = try await transaction.pipeline([SchemaTable.create, SchemaTable.list])[1]
            let applied = try SchemaTable.applied(rows, modules)
            guard let next = try MigrationPlan.pending(modules, after: applied).first else { return nil }
            progress(next)
            do throws(PostgresError) {
                try await transaction.script(next.migration.sql)
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
                    """
                    INSERT INTO schema_migrations (module, number, name, checksum)
                    VALUES ($1, $2::bigint::integer, $3, $4)
                    """,
                    [
                        .text(next.module), .int(Int64(next.migration.number)), .text(next.migration.name),
                        .bytes(next.migration.checksum),
                    ]
                )
            ])
            return next
        }
    }
}
