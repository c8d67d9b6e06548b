package import FlotillaStorage

/// What became of notifications, for those who ask.
package struct NotificationRecords: Sendable {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func get(_ id: String) async throws(PostgresError) -> NotificationRecord? {
        let statement = SQLStatement(
            "SELECT \(NotificationRecord.columns) FROM notifications WHERE id = $1",
            [.text(id)]
        )
        return try await pool.query(statement).first.map { NotificationRecord($0) }
    }

    /// The newest first.
    ///
    /// - Parameter cursor: the id of the last one of the page before.
    package func list(
        _ filter: NotificationFilter,
        after cursor: String?,
        limit: Int
    ) async throws(PostgresError) -> [NotificationRecord] {
        var (conditions, values) = filter.conditions
        if let cursor {
            values.append(.text(cursor))
            conditions.append("id < $\(values.count)")
        }
        return try await records(where: conditions, values, limit: limit)
    }

    /// What an application shows to a recipient, the newest first: nothing before its time.
    package func inApp(
        of recipient: RecipientKey,
        onlyUnread: Bool,
        after cursor: String?,
        limit: Int
    ) async throws(PostgresError) -> [NotificationRecord] {
        var values: [SQLValue] = [.text(recipient.text)]
        var conditions = [
            "recipient = $1", "channel = 'in-app'", "status = 'sent'",
            "(scheduled_at IS NULL OR scheduled_at <= now())",
        ]
        if onlyUnread { conditions.append("read_at IS NULL") }
        if let cursor {
            values.append(.text(cursor))
            conditions.append("id < $\(values.count)")
        }
        return try await records(where: conditions, values, limit: limit)
    }

    package func unreadCount(of recipient: RecipientKey) async throws(PostgresError) -> Int {
        let statement = SQLStatement(
            """
            SELECT count(*) FROM notifications WHERE recipient = $1 AND channel = 'in-app' AND status = 'sent'
                AND read_at IS NULL AND (scheduled_at IS NULL OR scheduled_at <= now())
            """,
            [.text(recipient.text)]
        )
        return Int(try await pool.query(statement).first?.int(0) ?? 0)
    }

    /// Marks one as read, the first time; `nil` when there is no such notification in an application.
    package func markRead(_ id: String) async throws(PostgresError) -> NotificationRecord? {
        let statement = SQLStatement(
            """
            UPDATE notifications SET read_at = coalesce(read_at, now()) WHERE id = $1 AND channel = 'in-app'
            RETURNING \(NotificationRecord.columns)
            """,
            [.text(id)]
        )
        return try await pool.query(statement).first.map { NotificationRecord($0) }
    }

    /// Marks all of a recipient as read; gives how many were not.
    package func markAllRead(of recipient: RecipientKey) async throws(PostgresError) -> Int {
        let statement = SQLStatement(
            """
            UPDATE notifications SET read_at = now() WHERE recipient = $1 AND channel = 'in-app' AND status = 'sent'
                AND read_at IS NULL AND (scheduled_at IS NULL OR scheduled_at <= now())
            """,
            [.text(recipient.text)]
        )
        return try await pool.query(statement).affected
    }

    private func records(
        where conditions: [String],
        _ values: [SQLValue],
        limit: Int
    ) async throws(PostgresError) -> [NotificationRecord] {
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let statement = SQLStatement(
            """
            SELECT \(NotificationRecord.columns) FROM notifications \(filter)
            ORDER BY id DESC LIMIT $\(values.count + 1)
            """,
            values + [.int(Int64(limit))]
        )
        return try await pool.query(statement).map { NotificationRecord($0) }
    }
}
