package import FlotillaModels
package import FlotillaStorage

/// The months of `audit_logs`, a partition each.
package struct AuditPartitions: Sendable {
    package struct Partition: Sendable, Hashable {
        package let month: CalendarMonth
        package let table: String
        /// As the server estimates it.
        package let rows: Int64
        package let bytes: Int64
    }

    /// How many months are made ahead.
    package static let ahead = 3

    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Makes the partitions of this month and the next ``ahead``; those that are there stay as they are.
    package func makeAhead() async throws {
        _ = try await pool.pipeline(
            (0...Self.ahead).map { month in
                SQLStatement(
                    """
                    SELECT audit_logs_ensure_month(
                        (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => $1::bigint::integer))
                        AT TIME ZONE 'UTC')
                    """,
                    [.int(Int64(month))]
                )
            }
        )
    }

    /// In the order of their months.
    package func list() async throws -> [Partition] {
        try await pool.query(Self.list).compactMap { row in
            guard let table = row.text(0), let month = Self.month(of: table) else { return nil }
            return Partition(month: month, table: table, rows: max(row.int(1) ?? 0, 0), bytes: row.int(2) ?? 0)
        }
    }

    static let list = SQLStatement(
        """
        SELECT child.relname::text, child.reltuples::bigint, pg_total_relation_size(child.oid)
        FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
        WHERE inhparent = 'audit_logs'::regclass ORDER BY child.relname
        """
    )

    /// `audit_logs_2026_11` is November 2026.
    static func month(of table: String) -> CalendarMonth? {
        let parts = table.split(separator: "_")
        guard parts.count == 4, let year = Int(parts[2]), let month = Int(parts[3]) else { return nil }
        return CalendarMonth(year: year, month: month)
    }
}
