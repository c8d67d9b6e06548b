import FlotillaCommandLineKit
import FlotillaModels
import FlotillaModules
import FlotillaOperations

/// `flotilla audit retain`: takes old months out of the audit log.
enum AuditRetainCommand {
    private static let months = Option<Int>("months", "N", "How many whole months to keep besides this one")
    private static let drop = Flag("drop", "Delete the months instead of leaving them as tables of their own")
    private static let yes = Flag("yes", "Do it")
    private static let dryRun = Flag("dry-run", "Show which months would go")

    private struct Answer: Encodable {
        let month: String
        let table: String
        let rows: Int64
        let checkpoint: Int64?
    }

    static let command = Command(
        "retain",
        "Detaches months older than N from the audit log",
        takes: [months, drop, yes, dryRun, OutputFormat.option],
        details: """
            A detached month stays as a table, which pg_dump can archive. The rest of the chain verifies as before: a \
            signed checkpoint tells where it begins now.
            """,
        examples: ["flotilla audit retain --months 24 --dry-run", "flotilla audit retain --months 120 --drop --yes"]
    ) { invocation in
        guard let months = invocation[months], (1...1_200).contains(months) else {
            throw CommandError("--months is from 1 to 1200", status: .wrongUse)
        }
        guard invocation[yes] != invocation[dryRun] else {
            throw CommandError("say --dry-run to see which months would go, or --yes to detach them", status: .wrongUse)
        }
        let configuration = try invocation.configuration(makingKeys: true)
        let key = try configuration.signingKey()
        return try await configuration.withPostgres { pool in
            let retention = AuditRetention(pool, key: key)
            var answers: [Answer] = []
            do {
                for partition in try await retention.expired(keeping: months) {
                    var event = OperatorEvent("audit.retain", of: partition.table)
                    event.details = [("isDropped", "\(invocation[drop])")]
                    let checkpoint =
                        invocation[yes]
                        ? try await retention.detach(
                            partition,
                            drops: invocation[drop],
                            by: OperatorName.current,
                            record: [event.statement(configuration)]
                        ) : nil
                    answers.append(
                        Answer(
                            month: partition.month.text,
                            table: partition.table,
                            rows: partition.rows,
                            checkpoint: checkpoint
                        )
                    )
                }
                if !answers.isEmpty, invocation[yes] { try await configuration.checkpointing(pool).make() }
            } catch let error as AuditError {
                throw CommandError(error.detail)
            }
            let verb = invocation[dryRun] ? "would go" : invocation[drop] ? "dropped" : "detached"
            try invocation.show(
                answers,
                as: Table(
                    ["month", verb, "rows", "checkpoint"],
                    answers.map { [$0.month, $0.table, "\($0.rows)", $0.checkpoint.map(String.init) ?? "–"] }
                )
            )
            return .done
        }
    }
}

extension CalendarMonth {
    /// `2026-11`.
    var text: String { "\(year)-\(month < 10 ? "0" : "")\(month)" }
}
