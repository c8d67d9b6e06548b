package import FlotillaStorage

/// What recipients want and decline, kept in Postgres.
package struct PreferenceStore: Sendable {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func choices(of recipient: RecipientKey) async throws(PostgresError) -> [NotificationPreferences.Choice] {
        Self.choices(in: try await pool.query(Self.select(recipient)))
    }

    /// Puts these in the place of all earlier ones, and returns what is kept now.
    ///
    /// Of several at the same time the last one counts, whole.
    ///
    /// - Parameter record: statements of the same transaction.
    package func replace(
        _ choices: [NotificationPreferences.Choice],
        of recipient: RecipientKey,
        record: [SQLStatement] = []
    ) async throws(PostgresError) -> [NotificationPreferences.Choice] {
        let results = try await pool.pipeline(
            [
                Self.lock(recipient),
                SQLStatement("DELETE FROM notification_preferences WHERE recipient = $1", [.text(recipient.text)]),
                Self.insert(choices, of: recipient),
            ] + record + [Self.select(recipient)]
        )
        return results.last.map(Self.choices) ?? []
    }

    /// Whom the mail with this token went to; `nil` when the token is not one of ours.
    package func recipient(ofToken token: String) async throws(PostgresError) -> RecipientKey? {
        let statement = SQLStatement(
            "SELECT recipient FROM notifications WHERE unsubscribe_token = $1",
            [.text(token)]
        )
        return try await pool.query(statement).first?.text(0).map { RecipientKey(text: $0) }
    }

    /// Declines all marketing mail, for whoever got the mail with this token; false when there is none.
    package func unsubscribe(token: String) async throws(PostgresError) -> Bool {
        guard let recipient = try await recipient(ofToken: token) else { return false }
        let choice = NotificationPreferences.Choice(
            channel: .email,
            template: NotificationPreferences.allMarketing,
            isAllowed: false
        )
        // What it had allowed by name would come before this.
        _ = try await pool.pipeline([
            Self.lock(recipient),
            SQLStatement(
                "DELETE FROM notification_preferences WHERE recipient = $1 AND channel = 'email' AND is_allowed",
                [.text(recipient.text)]
            ),
            Self.insert([choice], of: recipient),
        ])
        return true
    }

    /// One after the other: a statement sees what was committed before it began, so the next begin when they have this.
    private static func lock(_ recipient: RecipientKey) -> SQLStatement {
        SQLStatement(
            "SELECT pg_advisory_xact_lock(hashtextextended('notification_preferences ' || $1, 0))",
            [.text(recipient.text)]
        )
    }

    private static func select(_ recipient: RecipientKey) -> SQLStatement {
        SQLStatement(
            """
            SELECT channel, template, is_allowed FROM notification_preferences WHERE recipient = $1
            ORDER BY template, channel
            """,
            [.text(recipient.text)]
        )
    }

    private static func choices(in result: SQLResult) -> [NotificationPreferences.Choice] {
        result.compactMap { row in
            guard let channel = row.text(0).flatMap(Channel.init), let template = row.text(1) else { return nil }
            return .init(channel: channel, template: template, isAllowed: row.bool(2) ?? true)
        }
    }

    private static func insert(
        _ choices: [NotificationPreferences.Choice],
        of recipient: RecipientKey
    ) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO notification_preferences (recipient, channel, template, is_allowed)
            SELECT $1, channel, template, is_allowed = 1 FROM unnest($2, $3, $4) AS new (channel, template, is_allowed)
            ON CONFLICT (recipient, channel, template)
                DO UPDATE SET is_allowed = excluded.is_allowed, changed_at = now()
            """,
            [
                .text(recipient.text), .textArray(choices.map(\.channel.rawValue)), .textArray(choices.map(\.template)),
                .intArray(choices.map { $0.isAllowed ? 1 : 0 }),
            ]
        )
    }
}
