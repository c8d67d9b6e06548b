package import FlotillaModels

/// Which jobs are listed; all that is given has to hold.
package struct JobFilter: Sendable {
    package var state: JobState?
    /// Any of these types; empty for all.
    package var types: [String] = []
    package var priority: JobPriority?
    package var key: String?
    package var batch: String?
    package var correlationID: String?
    /// Of a field of the payload, see ``JobFieldKey``.
    package var fieldKey: String?
    /// Enqueued at this time or later; microseconds since 1970.
    package var since: Int64?
    /// Enqueued before this time.
    package var until: Int64?
    /// Part of the id, type, correlation id or error message; upper and lower case are alike. Without an index: it may take
    /// long, and belongs on a pool of its own.
    package var text: String?
    /// False looks for the text in ids and types alone.
    package var searchesErrors = true
    /// The id of the last job of the page before.
    package var cursor: String?
    /// From 1 to 500.
    package var limit = 50

    package init(
        state: JobState? = nil,
        types: [String] = [],
        text: String? = nil,
        after cursor: String? = nil,
        limit: Int = 50
    ) {
        self.state = state
        self.types = types
        self.text = text
        self.cursor = cursor
        self.limit = limit
    }
}

extension Jobs {
    /// Jobs, the newest first, without payloads and results.
    package func list(_ filter: JobFilter = JobFilter()) async throws(PostgresError) -> [Job] {
        let rows = try await pool.query(filter.statement)
        return rows.map { Job($0) }
    }
}

extension JobFilter {
    var statement: SQLStatement {
        var values: [SQLValue] = []
        var conditions: [String] = []
        func add(_ condition: String, _ value: SQLValue) {
            values.append(value)
            conditions.append(condition.replacing("?", with: "$\(values.count)"))
        }
        if let state { add("state = ?", .text(state.rawValue)) }
        if types.count == 1 { add("type = ?", .text(types[0].storable)) }
        if types.count > 1 { add("type = ANY (?)", .textArray(types.map(\.storable))) }
        if let priority { add("sign(priority)::bigint = ?", .int(Int64(priority.number))) }
        if let key { add("job_key = ?", .text(key.storable)) }
        if let batch { add("batch_id = ?", .text(batch.storable)) }
        if let correlationID { add("correlation_id = ?", .text(correlationID.storable)) }
        // An id begins with the time of its making, in milliseconds.
        if let fieldKey { add("field_keys @> ? AND field_keys IS NOT NULL", .textArray([fieldKey])) }
        if let since { add("id >= ?", .text(Self.firstID(at: since))) }
        if let until { add("id < ?", .text(Self.firstID(at: until))) }
        if let cursor { add("id < ?", .text(cursor.storable)) }
        if let text, text.hasFormOfJobID {
            // Found by the indexes: no part of it is looked for.
            add("(id = lower(?) OR correlation_id IN (?, lower(?)))", .text(text.storable))
        } else if let text {
            let errors = searchesErrors ? " OR error_message ILIKE ?" : ""
            let part = text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
            add("(id ILIKE ? OR type ILIKE ? OR correlation_id ILIKE ?\(errors))", .text("%\(part.storable)%"))
        }
        values.append(.int(Int64(min(max(limit, 1), 500))))
        let clause = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return SQLStatement(
            "SELECT \(Job.listColumns) FROM jobs \(clause) ORDER BY id DESC LIMIT $\(values.count)",
            values
        )
    }

    /// The lowest UUID of version 7 that is made at the time.
    private static func firstID(at microseconds: Int64) -> String {
        let digits = String(max(microseconds, 0) / 1_000, radix: 16)
        let time = String(repeating: "0", count: max(12 - digits.utf8.count, 0)) + digits
        return "\(time.prefix(8))-\(time.dropFirst(8).prefix(4))-0000-0000-000000000000"
    }
}

extension String {
    /// Whether it is a UUID as a whole.
    fileprivate var hasFormOfJobID: Bool {
        let groups = utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.joined().allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
                default: false
                }
            }
    }
}
