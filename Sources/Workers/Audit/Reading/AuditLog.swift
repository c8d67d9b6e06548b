package import FlotillaStorage

/// Reads the audit log, page by page, whatever its size.
package struct AuditLog: Sendable {
    package enum Order: Sendable {
        case newestFirst, oldestFirst
    }

    /// Where a page ended.
    package struct Cursor: Sendable, Hashable {
        package let recordedAt: Int64
        package let id: AuditEntry.ID

        init(_ entry: AuditEntry) { (recordedAt, id) = (entry.record.recordedAt, entry.id) }

        /// As callers give it back: three numbers with hyphens.
        package var text: String { "\(recordedAt)-\(id)" }

        package init?(_ text: String) {
            guard let hyphen = text.firstIndex(of: "-"), let time = Int64(text[..<hyphen]),
                let id = AuditEntry.ID(String(text[text.index(after: hyphen)...]))
            else { return nil }
            (recordedAt, self.id) = (time, id)
            guard self.text == text else { return nil }
        }
    }

    package struct Page: Sendable {
        package var entries: [AuditEntry]
        /// For the next page; `nil` on the last.
        package var next: Cursor?
    }

    private let pool: PostgresPool
    private let privacy: AuditPrivacy
    private let actions: AuditActions

    package init(_ pool: PostgresPool, privacy: AuditPrivacy) {
        self.pool = pool
        self.privacy = privacy
        actions = AuditActions(pool)
    }

    /// A page ends after `limit` rows, or with the row whose body brings it to this many bytes.
    private static let pageBytes = 4 << 20

    /// - Parameters:
    ///   - limit: at least 1.
    ///   - reveals: whether personal values are opened.
    package func page(
        _ filter: AuditFilter,
        _ order: Order = .newestFirst,
        after cursor: Cursor? = nil,
        limit: Int = 50,
        reveals: Bool
    ) async throws -> Page {
        var filter = filter
        if let actor = filter.actor { filter.actor = try await privacy.columnText(actor) }
        if let subject = filter.subject { filter.subject = try await privacy.columnText(subject) }
        if let id = filter.correlationID { filter.correlationID = try await privacy.columnText(id) }
        if let caller = filter.receivedBy { filter.receivedBy = try await privacy.columnText(caller) }
        if let id = filter.receivedID { filter.receivedID = try await privacy.columnText(id) }
        if let id = filter.messageID { filter.messageID = try await privacy.columnText(id) }
        let rows = try await pool.query(Self.select(filter, order, cursor, limit))
        let records = rows.map { AuditRow($0).record }
        let entries = try await entries(Array(records.prefix(limit)), reveals)
        // How many there were before the size of their bodies ended the page.
        let hasMore = Int(rows.first?.int(22) ?? 0) > entries.count
        return Page(entries: entries, next: hasMore ? entries.last.map(Cursor.init) : nil)
    }

    /// The row with the id; `nil` when there is none.
    package func entry(_ id: AuditEntry.ID, reveals: Bool) async throws -> AuditEntry? {
        let statement = SQLStatement(
            "SELECT \(AuditRow.columns) FROM audit_logs WHERE lane = $1::bigint::smallint AND sequence = $2",
            [.int(id.lane), .int(id.sequence)]
        )
        return try await entries(pool.query(statement).map { AuditRow($0).record }, reveals).first
    }

    private func entries(_ records: [AuditRecord], _ reveals: Bool) async throws -> [AuditEntry] {
        var entries = records.map(AuditEntry.init(record:))
        let revealed = try await privacy.reveal(records.map { ($0.messageID, $0.body) }, isAllowed: reveals)
        for (index, revealed) in revealed.enumerated() {
            entries[index].record.body = revealed.body
            entries[index].disclosure = revealed.disclosure
        }
        let steps = entries.filter { ActionStep($0.record) != nil }.map(\.id)
        let found = try await actions.actions(of: steps)
        for index in entries.indices { entries[index].action = found[entries[index].id] }
        return entries
    }

    private static func select(
        _ filter: AuditFilter,
        _ order: Order,
        _ cursor: Cursor?,
        _ limit: Int
    ) -> SQLStatement {
        var values: [SQLValue] = []
        var condition = filter.condition(&values)
        let (beyond, direction) = order == .newestFirst ? ("<", "DESC") : (">", "ASC")
        if let cursor {
            let first = values.count + 1
            values += [.timestamp(cursor.recordedAt), .int(cursor.id.lane), .int(cursor.id.sequence)]
            // The first part lets the server leave out whole months.
            condition += """
                 AND recorded_at \(beyond)= $\(first)
                AND (recorded_at, lane, sequence) \(beyond) ($\(first), $\(first + 1)::bigint::smallint, $\(first + 2))
                """
        }
        values.append(.int(Int64(limit + 1)))
        let sorting = "recorded_at \(direction), lane \(direction), sequence \(direction)"
        return SQLStatement(
            """
            SELECT \(AuditRow.columns), found FROM (
                SELECT *, count(*) OVER () AS found,
                    sum(octet_length(body)) OVER (ORDER BY \(sorting)) - octet_length(body) AS before
                FROM (
                    SELECT * FROM audit_logs WHERE \(condition) ORDER BY \(sorting) LIMIT $\(values.count)) AS page
            ) AS page
            WHERE before < \(pageBytes) ORDER BY \(sorting)
            """,
            values
        )
    }
}
