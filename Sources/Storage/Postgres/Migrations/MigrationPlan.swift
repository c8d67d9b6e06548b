/// What is left to apply, after every check of what is applied.
enum MigrationPlan {
    /// The modules' missing steps, in the order of the modules. What a database has of other modules is not looked at.
    static func pending(_ modules: [SchemaModule], after applied: [AppliedMigration]) throws(MigrationError)
        -> [SchemaStep]
    {
        var steps: [SchemaStep] = []
        var names: Set<String> = []
        for module in modules {
            guard module.hasProperName else {
                throw error(.outOfOrder, module.name, "a module's name is of lower-case letters, digits and hyphens")
            }
            guard names.insert(module.name).inserted else {
                throw error(.outOfOrder, module.name, "two modules have this name")
            }
            steps += try pending(module, after: applied.filter { $0.module == module.name })
        }
        return steps
    }

    private static func pending(_ module: SchemaModule, after applied: [AppliedMigration]) throws(MigrationError)
        -> [SchemaStep]
    {
        let steps = module.migrations.map { SchemaStep(module: module.name, migration: $0) }
        for (place, step) in steps.enumerated() where step.migration.number != place + 1 {
            throw error(.outOfOrder, step.label, "step \(place + 1) is missing or misplaced")
        }
        for (place, done) in applied.sorted(by: { $0.number < $1.number }).enumerated() {
            let label = "\(module.name) \(done.name)"
            guard done.number == place + 1 else {
                throw error(.outOfOrder, label, "step \(place + 1) is not applied, but step \(done.number) is")
            }
            guard place < steps.count else {
                throw error(.unknownStep, label, "the database is newer than this program: update the program")
            }
            guard steps[place].migration.checksum == done.checksum else {
                throw error(
                    .checksumChanged,
                    steps[place].label,
                    """
                    it was applied with another text: restore its text, and put the change into a new migration; or \
                    another program has a module of this name: rename yours
                    """
                )
            }
        }
        return Array(steps.dropFirst(applied.count))
    }

    private static func error(_ code: MigrationError.Code, _ name: String, _ detail: String) -> MigrationError {
        MigrationError(code: code, operation: "migration \(name)", detail: detail, isRetriable: false)
    }
}
