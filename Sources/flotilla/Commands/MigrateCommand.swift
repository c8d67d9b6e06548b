import CommandLineKit
import Operations
import Storage
import Workers

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
        let configuration = try Configuration.ofThisProcess()
        let connection = try configuration.postgres()
        let plans = try configuration.plans()
        let pool = PostgresPool(connection, size: 1, name: "flotilla migrate")
        let steps: [Migration]
        do {
            steps =
                invocation[dryRun]
                ? try await Migrations.pending(in: pool)
                : try await Migrations.apply(to: pool) { invocation.console.note("  \($0.number) \($0.name)") }
            if let plans, !invocation[dryRun] {
                note(try await PlanStore(pool).apply(plans), on: invocation.console)
            }
        } catch {
            await pool.close()
            throw CommandError("the tables can't be updated: \(error)", remedy: "run flotilla doctor")
        }
        await pool.close()
        let rows = steps.map { ["\($0.number)", $0.name, invocation[dryRun] ? "missing" : "applied"] }
        let answer = steps.map { Step(number: $0.number, name: $0.name, applied: !invocation[dryRun]) }
        if rows.isEmpty, invocation[OutputFormat.option] == .table {
            invocation.console.print("The tables are up to date.")
        } else {
            try invocation.show(answer, as: Table(["number", "name", "state"], rows))
        }
        return .done
    }

    private static func note(_ changes: PlanStore.Changes, on console: Console) {
        if !changes.written.isEmpty { console.note("  plans: \(changes.written.joined(separator: ", "))") }
        if !changes.removed.isEmpty { console.note("  plans removed: \(changes.removed.joined(separator: ", "))") }
        for kept in changes.kept { console.note("flotilla: \(kept.warning)") }
    }

    private struct Step: Encodable {
        let number: Int
        let name: String
        let applied: Bool
    }
}
