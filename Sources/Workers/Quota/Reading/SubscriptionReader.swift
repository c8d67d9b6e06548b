import FlotillaPlatform
package import FlotillaStorage

/// Which subscriptions companies have and had.
package struct SubscriptionReader: Sendable {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The plan that holds now, and the last subscriptions: what is active first, then the newest.
    package func read(
        _ company: String,
        at now: Int64 = WallClock.microseconds(),
        limit: Int = 100
    ) async throws(PostgresError) -> (plan: String, subscriptions: [SubscriptionRecord]) {
        let results = try await pool.pipeline([
            SQLStatement(
                """
                SELECT plan FROM subscription_periods
                WHERE company_id = $1 AND period_start <= $2 AND $2 < period_end ORDER BY period_start DESC LIMIT 1
                """,
                [.text(company), .timestamp(now)]
            ),
            SQLStatement(
                """
                SELECT id, plan, status, period_start, period_end, cancels_at_end, created_at, ended_at
                FROM subscriptions WHERE company_id = $1
                ORDER BY status = 'active' DESC, status = 'created' DESC, told_at DESC, id LIMIT $2
                """,
                [.text(company), .int(Int64(limit))]
            ),
        ])
        let subscriptions = results[1].compactMap { row -> SubscriptionRecord? in
            guard let id = row.text(0), let plan = row.text(1),
                let status = row.text(2).flatMap(SubscriptionStatus.init(rawValue:))
            else { return nil }
            return SubscriptionRecord(
                id: id,
                plan: plan,
                status: status,
                periodStart: row.timestamp(3),
                periodEnd: row.timestamp(4),
                cancelsAtEnd: row.bool(5) ?? false,
                createdAt: row.timestamp(6) ?? 0,
                endedAt: row.timestamp(7)
            )
        }
        return (results[0].first?.text(0) ?? Plan.defaultCode, subscriptions)
    }
}
