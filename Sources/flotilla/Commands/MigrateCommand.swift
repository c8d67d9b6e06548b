import FlotillaCommandLineKit
import FlotillaHTTPRouting
import FlotillaModules
import FlotillaStorage

/// `flotilla migrate`: the tables that the fleet needs.
enum MigrateCommand {
    private static let dryRun = Flag("dry-run", "Only show what is missing")

    static let all = Command(
        "migrate",
        "Makes and updates the tables in PostgreSQL",
        takes: [dryRun, OutputFormat.option],
        details: """
            Each step runs in a transaction, one process at a time, and is remembered with its checksum. Then the plans
            of the plan file are brought in.
            """,
        examples: ["flotilla migrate", "flotilla migrate --dry-run"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let connection = try configuration.postgres()
        let schema = invocation.program.schema(configuration)
        let preparations = try invocation.program.domains(configuration).compactMap { try $0.preparation() }
        let pool = PostgresPool(connection, size: 1, name: "flotilla migrate")
        let steps: [SchemaStep]
        do {
            if invocation[dryRun] {
                steps = try await Migrations.pending(in: pool, schema)
            } else {
                steps = try await Migrations.apply(to: pool, schema) { invocation.console.note("  \($0.label)") }
                var changes = steps.map(\.label)
                for prepare in preparations { changes += try await prepare(pool, invocation.console) }
                if !changes.isEmpty {
                    var event = OperatorEvent("migrate")
                    event.details = [("changes", "[" + changes.map(\.json).joined(separator: ",") + "]")]
                    try await event.record(in: pool, configuration)
                }
            }
        } catch let error as PostgresError where error.code == .sharedSession {
            await pool.close()
            throw CommandError(error.detail)
        } catch {
            await pool.close()
            throw CommandError("the tables can't be updated: \(error)", remedy: "run flotilla doctor")
        }
        await pool.close()
        let rows = steps.map { step in
            [
                step.module, "\(step.migration.number)", step.migration.name,
                invocation[dryRun] ? "missing" : "applied",
            ]
        }
        let answer = steps.map { Step($0, applied: !invocation[dryRun]) }
        if rows.isEmpty, invocation[OutputFormat.option] == .table {
            invocation.console.print("The tables are up to date.")
        } else {
            try invocation.show(answer, as: Table(["module", "number", "name", "state"], rows))
        }
        return .done
    }

    private struct Step: Encodable {
        let module: String
        let number: Int
        let name: String
        let applied: Bool

        init(_ step: SchemaStep, applied: Bool) {
            module = step.module
            number = step.migration.number
            name = step.migration.name
            self.applied = applied
        }
    }
}
