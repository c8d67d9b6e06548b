package import FlotillaStorage

/// The dead letters in Postgres.
package struct DeadLetterStore: Sendable {
    package let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The newest first.
    ///
    /// - Parameters:
    ///   - cursor: the id of the last one of the page before.
    ///   - limit: at least 1.
    package func list(
        _ filter: DeadLetterFilter = DeadLetterFilter(),
        after cursor: Int64? = nil,
        limit: Int = 50
    ) async throws -> [StoredDeadLetter] {
        var values: [SQLValue] = []
        var condition = filter.condition(&values)
        if let cursor {
            values.append(.int(cursor))
            condition += " AND id < $\(values.count)"
        }
        values.append(.int(Int64(limit)))
        let statement = SQLStatement(
            "SELECT \(Self.columns) FROM dead_letters WHERE \(condition) ORDER BY id DESC LIMIT $\(values.count)",
            values
        )
        return try await pool.query(statement).map { try StoredDeadLetter($0) }
    }

    /// The one with the id, in whatever state; `nil` when there is none.
    package func get(_ id: Int64) async throws -> StoredDeadLetter? {
        try await list(DeadLetterFilter(ids: [id], state: nil), limit: 1).first
    }

    /// How many there are, and the highest id among them.
    package func count(_ filter: DeadLetterFilter) async throws(PostgresError) -> (count: Int, highest: Int64) {
        var values: [SQLValue] = []
        let condition = filter.condition(&values)
        let result = try await pool.query(
            SQLStatement("SELECT count(*), coalesce(max(id), 0) FROM dead_letters WHERE \(condition)", values)
        )
        return (Int(result.first?.int(0) ?? 0), result.first?.int(1) ?? 0)
    }

    /// Failures of one kind.
    package struct Group: Sendable, Hashable {
        package var fingerprint: String
        package var errorType: String
        /// Of the newest.
        package var errorMessage: String
        package var count: Int
        package var queues: [String]
        /// Microseconds since 1970.
        package var first: Int64?
        package var last: Int64?
        /// The newest dead letter of the group.
        package var sample: Int64
    }

    /// The dead letters by kind of failure, the largest group first.
    package func groups(
        _ filter: DeadLetterFilter = DeadLetterFilter(),
        limit: Int = 50
    ) async throws(PostgresError) -> [Group] {
        var values: [SQLValue] = []
        let condition = filter.condition(&values)
        values.append(.int(Int64(limit)))
        let result = try await pool.query(
            SQLStatement(
                """
                SELECT error_fingerprint, (array_agg(error_type ORDER BY id DESC))[1],
                    (array_agg(error_message ORDER BY id DESC))[1], count(*), min(first_failed_at),
                    max(last_failed_at), max(id), array_agg(DISTINCT queue)
                FROM dead_letters WHERE \(condition)
                GROUP BY error_fingerprint ORDER BY count(*) DESC, max(id) DESC LIMIT $\(values.count)
                """,
                values
            )
        )
        return result.map { row in
            Group(
                fingerprint: row.text(0) ?? "",
                errorType: row.text(1) ?? "",
                errorMessage: row.text(2) ?? "",
                count: Int(row.int(3) ?? 0),
                queues: row.texts(7) ?? [],
                first: row.timestamp(4),
                last: row.timestamp(5),
                sample: row.int(6) ?? 0
            )
        }
    }

    /// How many are dead in each queue, and since when the oldest has been; microseconds since 1970.
    package func counts() async throws(PostgresError) -> [String: (count: Int, oldest: Int64)] {
        let result = try await pool.query(
            SQLStatement("SELECT queue, count(*), min(dead_at) FROM dead_letters WHERE state = 'dead' GROUP BY queue")
        )
        var counts: [String: (count: Int, oldest: Int64)] = [:]
        for row in result {
            guard let queue = row.text(0), let oldest = row.timestamp(2) else { continue }
            counts[queue] = (Int(row.int(1) ?? 0), oldest)
        }
        return counts
    }
}
