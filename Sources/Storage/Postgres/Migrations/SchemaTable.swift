/// The table `schema_migrations`: which steps a database has, by module and number.
///
/// Until version 0.1 all steps were numbered as one, in a table keyed by that number alone. ``upgrade(_:)`` gives its
/// rows the module and the number that they have now.
enum SchemaTable {
    /// What the database has of the table.
    enum Form: Sendable {
        case none, numberedAsOne, byModule
    }

    /// Asks for the table of the schema in which tables are made: one further along the search path is another fleet's.
    static let form = SQLStatement(
        """
        SELECT own IS NOT NULL, EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = own AND attname = 'module' AND NOT attisdropped)
        FROM to_regclass(quote_ident(current_schema()) || '.schema_migrations') AS own
        """
    )

    static func form(_ rows: SQLResult) -> Form {
        guard let row = rows.first, row.bool(0) == true else { return .none }
        return row.bool(1) == true ? .byModule : .numberedAsOne
    }

    static let create = SQLStatement(
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            module text NOT NULL,
            number integer NOT NULL,
            name text NOT NULL,
            checksum bytea NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_schema_migrations PRIMARY KEY (module, number))
        """
    )

    /// Brings a table numbered as one into today's form. A number that no module has makes the last step fail.
    static func upgrade(_ modules: [SchemaModule]) -> [SQLStatement] {
        let former = former(modules)
        return [
            SQLStatement("ALTER TABLE schema_migrations DROP CONSTRAINT pk_schema_migrations"),
            SQLStatement("ALTER TABLE schema_migrations ADD COLUMN module text"),
            SQLStatement(
                """
                UPDATE schema_migrations AS row SET module = new.module, number = new.number::integer
                FROM unnest($1, $2, $3) AS new (former, module, number) WHERE row.number = new.former
                """,
                [
                    .intArray(former.map(\.key).map(Int64.init)), .textArray(former.map(\.value.module)),
                    .intArray(former.map { Int64($0.value.migration.number) }),
                ]
            ),
            SQLStatement(
                "ALTER TABLE schema_migrations ADD CONSTRAINT pk_schema_migrations PRIMARY KEY (module, number)"
            ),
        ]
    }

    /// The steps of a table of either form; one that is numbered as one has no modules. It is one statement for both, since
    /// another process may be changing the form.
    static let list = SQLStatement(
        "SELECT number, name, checksum, to_jsonb(step) ->> 'module' FROM schema_migrations AS step"
    )

    /// - Parameter modules: name the steps of a table that is numbered as one.
    static func applied(_ rows: SQLResult, _ modules: [SchemaModule]) throws(MigrationError) -> [AppliedMigration] {
        let former = former(modules)
        var applied: [AppliedMigration] = []
        for row in rows {
            let (number, name, checksum) = (Int(row.int(0) ?? 0), row.text(1) ?? "", row.bytes(2) ?? [])
            if let module = row.text(3) {
                applied.append(AppliedMigration(module: module, number: number, name: name, checksum: checksum))
            } else if let step = former[number] {
                applied.append(
                    AppliedMigration(
                        module: step.module,
                        number: step.migration.number,
                        name: name,
                        checksum: checksum
                    )
                )
            } else {
                throw unknown(number, name)
            }
        }
        return applied
    }

    private static func former(_ modules: [SchemaModule]) -> [Int: SchemaStep] {
        var former: [Int: SchemaStep] = [:]
        for module in modules {
            for migration in module.migrations {
                guard let number = migration.formerNumber else { continue }
                former[number] = SchemaStep(module: module.name, migration: migration)
            }
        }
        return former
    }

    private static func unknown(_ number: Int, _ name: String) -> MigrationError {
        MigrationError(
            code: .unknownStep,
            operation: "migration \(number) \(name)",
            detail: "no module of this program has it: run flotilla migrate, which has all of them",
            isRetriable: false
        )
    }
}
