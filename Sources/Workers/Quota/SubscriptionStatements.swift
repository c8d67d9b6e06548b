import Storage

enum SubscriptionStatements {
    /// Lets one payment of a company be entered at a time, the first one included, when there is no row to lock yet.
    static func lock(_ companies: [String]) -> SQLStatement {
        SQLStatement(
            """
            SELECT count(pg_advisory_xact_lock(key)) FROM (
                SELECT DISTINCT hashtextextended('subscription ' || id, 0) AS key FROM unnest($1) AS id ORDER BY key
            ) AS keys
            """,
            [.textArray(companies)]
        )
    }

    static let plans = SQLStatement("SELECT code, period_months FROM plans")

    static func active(_ companies: [String]) -> SQLStatement {
        SQLStatement(
            """
            SELECT id, company_id, plan, period_start, period_end FROM subscriptions
            WHERE company_id = ANY ($1) AND status = 'active'
            """,
            [.textArray(companies)]
        )
    }

    static func known(_ paymentIDs: [String]) -> SQLStatement {
        SQLStatement(
            "SELECT payment_id FROM subscription_periods WHERE payment_id = ANY ($1)",
            [.textArray(paymentIDs)]
        )
    }

    static func save(_ subscriptions: [SubscriptionBook.Subscription]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO subscriptions AS subscription (id, company_id, plan, status, period_start, period_end)
            SELECT id, company_id, plan, 'active', period_start, period_end
            FROM unnest($1, $2, $3, $4, $5) AS changed (id, company_id, plan, period_start, period_end)
            ON CONFLICT ON CONSTRAINT pk_subscriptions DO UPDATE SET
                plan = excluded.plan, status = 'active', period_start = excluded.period_start,
                period_end = excluded.period_end, updated_at = now()
            """,
            [
                .textArray(subscriptions.map(\.id)), .textArray(subscriptions.map(\.companyID)),
                .textArray(subscriptions.map(\.plan)), .timestampArray(subscriptions.map(\.start)),
                .timestampArray(subscriptions.map(\.end)),
            ]
        )
    }

    /// Begins the new periods, ends those that they cut short, and sets out their quotas.
    static func begin(_ changes: [SubscriptionBook.Change]) -> [SQLStatement] {
        let companies = SQLValue.textArray(changes.map(\.subscription.companyID))
        let starts = SQLValue.timestampArray(changes.map(\.subscription.start))
        let ends = SQLValue.timestampArray(changes.map(\.subscription.end))
        let plans = SQLValue.textArray(changes.map(\.subscription.plan))
        return [
            SQLStatement(
                """
                INSERT INTO subscription_periods (company_id, period_start, period_end, plan, subscription_id, payment_id)
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
                """,
                [
                    companies, starts, ends, plans, .textArray(changes.map(\.subscription.id)),
                    .textArray(changes.map(\.paymentID)),
                ]
            ),
            SQLStatement(
                """
                UPDATE subscription_periods AS period SET period_end = following.next_start
                FROM (
                    SELECT company_id, period_start,
                        lead(period_start) OVER (PARTITION BY company_id ORDER BY period_start) AS next_start
                    FROM subscription_periods WHERE company_id = ANY ($1)
                ) AS following
                WHERE period.company_id = following.company_id AND period.period_start = following.period_start
                    AND period.period_end > following.next_start
                """,
                [companies]
            ),
            SQLStatement(
                """
                INSERT INTO quotas AS quota (company_id, kind, period_start, period_end, plan, usage_limit)
                SELECT begun.company_id, limits.kind, begun.period_start, begun.period_end, begun.plan, limits.usage_limit
                FROM unnest($1, $2, $3, $4) AS begun (company_id, period_start, period_end, plan)
                JOIN plan_limits AS limits ON limits.plan = begun.plan
                ORDER BY begun.company_id COLLATE "C", limits.kind, begun.period_start
                ON CONFLICT ON CONSTRAINT pk_quotas DO UPDATE SET
                    period_end = excluded.period_end, plan = excluded.plan, usage_limit = excluded.usage_limit,
                    used = 0, overage = 0, warned_at = NULL, exceeded_at = NULL, updated_at = now()
                """,
                [companies, starts, ends, plans]
            ),
        ]
    }
}
