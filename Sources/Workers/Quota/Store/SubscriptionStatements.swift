import FlotillaModels
import FlotillaStorage

/// How the ledger is read, and written back.
enum SubscriptionStatements {
    /// Lets one ledger of a company be open at a time, the first one included, when there is no row to lock yet.
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

    static let plans = SQLStatement("SELECT code, period_months, token_allowance FROM plans")

    /// The companies' subscriptions, the newest first, and those with the ids, whosever they are. Of those that have
    /// ended only the last are of interest.
    static func known(_ companies: [String], ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            SELECT id, company_id, plan, status, period_start, period_end, cancels_at_end, told_at, ended_at,
                EXISTS (
                    SELECT FROM subscription_periods AS period WHERE period.company_id = subscription.company_id
                        AND period.period_start = subscription.period_start AND period.payment_id IS NULL
                ), anchor_day
            FROM subscriptions AS subscription
            WHERE id = ANY ($2) OR id IN (
                SELECT latest.id FROM unnest($1) AS company (id) CROSS JOIN LATERAL (
                    SELECT id FROM subscriptions WHERE company_id = company.id
                    ORDER BY status IN ('created', 'active') DESC, told_at DESC LIMIT 20
                ) AS latest
            )
            ORDER BY told_at DESC, id
            """,
            [.textArray(companies), .textArray(ids)]
        )
    }

    static func lastStarts(_ companies: [String]) -> SQLStatement {
        SQLStatement(
            """
            SELECT company_id, max(period_start) FROM subscription_periods
            WHERE company_id = ANY ($1) GROUP BY company_id
            """,
            [.textArray(companies)]
        )
    }

    static func known(payments ids: [String]) -> SQLStatement {
        SQLStatement("SELECT payment_id FROM subscription_periods WHERE payment_id = ANY ($1)", [.textArray(ids)])
    }

    /// Everything that a ledger has changed.
    static func write(_ ledger: SubscriptionLedger) -> [SQLStatement] {
        let changed = ledger.changed
        guard !changed.isEmpty else { return [] }
        let companies = SQLValue.textArray(changed.map(\.companyID))
        return [save(changed)] + (ledger.latePayments.isEmpty ? [] : [applyLatePayment(ledger.latePayments)])
            + (ledger.begun.isEmpty ? [] : [begin(ledger.begun)]) + [end(changed), cut(companies)]
            + (ledger.begun.isEmpty ? [] : setOutQuotas(ledger.begun)) + [endQuotas(companies)]
    }

    private static func save(_ subscriptions: [SubscriptionLedger.Subscription]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO subscriptions (
                id, company_id, plan, status, period_start, period_end, cancels_at_end, told_at, ended_at, anchor_day)
            SELECT id, company_id, plan, status, period_start, period_end, cancels_at_end <> 0, told_at, ended_at,
                anchor_day::integer
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY AS changed (
                id, company_id, plan, status, period_start, period_end, cancels_at_end, told_at, ended_at, anchor_day,
                place)
            -- One that gives way is written before the one that takes its place.
            ORDER BY status = 'active', place
            ON CONFLICT ON CONSTRAINT pk_subscriptions DO UPDATE SET
                plan = excluded.plan, status = excluded.status, period_start = excluded.period_start,
                period_end = excluded.period_end, cancels_at_end = excluded.cancels_at_end,
                told_at = excluded.told_at, ended_at = excluded.ended_at, anchor_day = excluded.anchor_day,
                updated_at = now()
            """,
            [
                .textArray(subscriptions.map(\.id)), .textArray(subscriptions.map(\.companyID)),
                .textArray(subscriptions.map(\.plan)), .textArray(subscriptions.map(\.status.rawValue)),
                .timestampArray(subscriptions.map(\.start)), .timestampArray(subscriptions.map(\.end)),
                .intArray(subscriptions.map { $0.cancelsAtEnd ? 1 : 0 }), .timestampArray(subscriptions.map(\.toldAt)),
                .timestampArray(subscriptions.map(\.endedAt)),
                .intArray(subscriptions.map { $0.anchorDay.map { Int64($0.day) } }),
            ]
        )
    }

    private static func applyLatePayment(_ latePayments: [SubscriptionLedger.LatePayment]) -> SQLStatement {
        SQLStatement(
            """
            UPDATE subscription_periods AS period SET payment_id = paid.payment_id
            FROM unnest($1, $2, $3) AS paid (subscription_id, period_start, payment_id)
            WHERE period.subscription_id = paid.subscription_id AND period.period_start = paid.period_start
            """,
            [
                .textArray(latePayments.map(\.subscriptionID)), .timestampArray(latePayments.map(\.start)),
                .textArray(latePayments.map(\.paymentID)),
            ]
        )
    }

    private static func begin(_ periods: [SubscriptionLedger.Period]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO subscription_periods (company_id, period_start, period_end, plan, subscription_id, payment_id)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
            """,
            [
                .textArray(periods.map(\.companyID)), .timestampArray(periods.map(\.start)),
                .timestampArray(periods.map(\.end)), .textArray(periods.map(\.plan)),
                .textArray(periods.map(\.subscriptionID)), .textArray(periods.map(\.paymentID)),
            ]
        )
    }

    /// A subscription's periods end where it does: the latest at its end, no other later.
    private static func end(_ subscriptions: [SubscriptionLedger.Subscription]) -> SQLStatement {
        SQLStatement(
            """
            UPDATE subscription_periods AS period SET period_end = greatest(period_start, ended.period_end)
            FROM unnest($1, $2) AS ended (subscription_id, period_end)
            WHERE period.subscription_id = ended.subscription_id AND period.period_end <> ended.period_end
                AND (period.period_end > ended.period_end OR period.period_start = (
                    SELECT max(period_start) FROM subscription_periods
                    WHERE subscription_id = ended.subscription_id))
            """,
            [.textArray(subscriptions.map(\.id)), .timestampArray(subscriptions.map(\.end))]
        )
    }

    /// No period reaches into the next.
    private static func cut(_ companies: SQLValue) -> SQLStatement {
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
        )
    }

    /// The quotas' periods end where the paid ones do.
    private static func endQuotas(_ companies: SQLValue) -> SQLStatement {
        SQLStatement(
            """
            UPDATE quotas SET period_end = period.period_end, version = version + 1, updated_at = now()
            FROM subscription_periods AS period
            WHERE quotas.company_id = ANY ($1) AND period.company_id = quotas.company_id
                AND period.period_start = quotas.period_start AND period.period_end <> quotas.period_end
            """,
            [companies]
        )
    }
}
