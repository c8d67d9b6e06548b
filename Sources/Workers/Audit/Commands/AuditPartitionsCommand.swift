import FlotillaCommandLineKit
import FlotillaModules

/// `flotilla audit partitions`: the months of the audit log.
enum AuditPartitionsCommand {
    private struct Answer: Encodable {
        let month: String
        let table: String
        let rows: Int64
        let bytes: Int64
    }

    static let command = Command(
        "partitions",
        "Makes the months to come, and lists all",
        takes: [OutputFormat.option],
        details: """
            Workers make months ahead by themselves. ROWS, EST. ("rows" in JSON) is the estimate of PostgreSQL, which is 0 \
            until it has analysed the month.
            """,
        examples: ["flotilla audit partitions", "flotilla audit partitions --output json"]
    ) { invocation in
        try await invocation.configuration().withPostgres { pool in
            let partitions = AuditPartitions(pool)
            try await partitions.makeAhead()
            let months = try await partitions.list().map { partition in
                Answer(
                    month: partition.month.text,
                    table: partition.table,
                    rows: partition.rows,
                    bytes: partition.bytes
                )
            }
            try invocation.show(
                months,
                as: Table(
                    ["month", "table", "rows, est.", "bytes"],
                    months.map { [$0.month, $0.table, "\($0.rows)", "\($0.bytes)"] }
                )
            )
            return .done
        }
    }
}
