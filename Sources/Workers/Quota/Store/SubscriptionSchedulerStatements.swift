import FlotillaModels
import FlotillaStorage

enum SubscriptionSchedulerStatements {
    /// Whether the transaction has the lock of the clocks on these tables now.
    static let lock = SQLStatement(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('subscription clock in ' || current_schema(), 0))"
    )

    static func due(at moment: Int64, limit: Int) -> SQLStatement {
        SQLStatement(
            """
            SELECT id, company_id FROM subscriptions WHERE status = 'active' AND period_end <= $1
            ORDER BY period_end, id LIMIT $2
            """,
            [.timestamp(moment), .int(Int64(limit))]
        )
    }

    /// Ends those that are due still.
    static func end(_ ids: [String], at moment: Int64) -> SQLStatement {
        SQLStatement(
            """
            UPDATE subscriptions SET status = CASE WHEN cancels_at_end THEN 'cancelled' ELSE 'expired' END,
                ended_at = period_end, updated_at = now()
            WHERE id = ANY ($1) AND status = 'active' AND period_end <= $2
            RETURNING id, company_id, plan, status, period_start, period_end
            """,
            [.textArray(ids), .timestamp(moment)]
        )
    }

    /// Notes the warnings that are due. When several are, the nearest says it all.
    static func warn(_ leads: [Duration], at moment: Int64, limit: Int) -> SQLStatement {
        SQLStatement(
            """
            WITH due AS (
                SELECT id, period_end, (
                    SELECT min(seconds) FROM unnest($1) AS seconds
                    WHERE period_end <= $2 + seconds * interval '1 second'
                ) AS lead
                FROM subscriptions
                WHERE status = 'active' AND NOT cancels_at_end AND period_end > $2
                    AND period_end <= $2 + (SELECT max(seconds) FROM unnest($1) AS seconds) * interval '1 second'
            ), noted AS (
                INSERT INTO subscription_notices (subscription_id, period_end, lead_seconds)
                SELECT id, period_end, lead FROM due
                WHERE NOT EXISTS (
                    SELECT FROM subscription_notices AS notice
                    WHERE notice.subscription_id = due.id AND notice.period_end = due.period_end
                        AND notice.lead_seconds <= due.lead)
                ORDER BY period_end, id LIMIT $3
                ON CONFLICT DO NOTHING RETURNING subscription_id, lead_seconds
            )
            SELECT id, company_id, plan, status, period_start, period_end, lead_seconds
            FROM noted JOIN subscriptions ON id = subscription_id
            """,
            [
                .intArray(leads.map { Int64($0.seconds) }), .timestamp(moment), .int(Int64(limit)),
            ]
        )
    }
}
