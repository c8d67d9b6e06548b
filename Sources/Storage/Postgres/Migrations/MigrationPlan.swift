/// A step as `schema_migrations` records it.
struct AppliedMigration: Sendable, Hashable {
    let number: Int
    let name: String
    let checksum: [UInt8]
}

/// What is left to apply, after every check of what is applied.
enum MigrationPlan {
    static func pending(_ migrations: [Migration], after applied: [AppliedMigration]) throws(MigrationError)
        -> [Migration]
    {
        for (place, migration) in migrations.enumerated() where migration.number != place + 1 {
            throw error(.outOfOrder, migration.label, "step \(place + 1) is missing or misplaced")
        }
        for (place, step) in applied.sorted(by: { $0.number < $1.number }).enumerated() {
            guard step.number == place + 1 else {
                throw error(.outOfOrder, step.name, "step \(place + 1) is not applied, but step \(step.number) is")
            }
            guard place < migrations.count else {
                throw error(.unknownStep, step.name, "the database is newer than this program: update the program")
            }
            guard migrations[place].checksum == step.checksum else {
                throw error(
                    .checksumChanged,
                    migrations[place].label,
                    "it was applied with another text: restore its text, and put the change into a new migration"
                )
            }
        }
        return Array(migrations.dropFirst(applied.count))
    }

    private static func error(_ code: MigrationError.Code, _ name: String, _ detail: String) -> MigrationError {
        MigrationError(code: code, operation: "migration \(name)", detail: detail, isRetriable: false)
    }
}
