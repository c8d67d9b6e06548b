import FlotillaModels
import FlotillaStorage

extension QuotaStatements {
    /// The quotas of the companies in the periods that hold the moment, a row for each company and kind.
    ///
    /// What a period has not been used for yet has no row of its own: its limit is then the plan's.
    static func statuses(of companies: [String], at moment: Int64) -> SQLStatement {
        let month = CalendarMonth(containing: moment)
        return SQLStatement(
            """
            SELECT wanted.id, kinds.kind, period.plan, period.period_start, period.period_end,
                CASE WHEN quota.kind IS NULL THEN limits.usage_limit ELSE quota.usage_limit END,
                coalesce(quota.used, 0), coalesce(quota.overage, 0), coalesce(quota.version, 0)
            FROM unnest($1) AS wanted (id)
            LEFT JOIN LATERAL (
                SELECT plan, period_start, period_end FROM subscription_periods
                WHERE company_id = wanted.id AND period_start <= $2 AND $2 < period_end
                ORDER BY period_start DESC LIMIT 1
            ) AS paid ON true
            CROSS JOIN LATERAL (
                SELECT coalesce(paid.plan, $3) AS plan, coalesce(paid.period_start, $4) AS period_start,
                    coalesce(paid.period_end, $5) AS period_end
            ) AS period
            CROSS JOIN unnest($6) WITH ORDINALITY AS kinds (kind, place)
            LEFT JOIN plan_limits AS limits ON limits.plan = period.plan AND limits.kind = kinds.kind
            LEFT JOIN quotas AS quota ON quota.company_id = wanted.id AND quota.kind = kinds.kind
                AND quota.period_start = period.period_start
            ORDER BY wanted.id, kinds.place
            """,
            [
                .textArray(companies), .timestamp(moment), .text(Plan.defaultCode), .timestamp(month.start),
                .timestamp(month.next.start), .textArray(QuotaKind.allCases.map(\.rawValue)),
            ]
        )
    }

    /// The quotas of the companies whose periods have ended and were changed a short while ago, in the same columns.
    static func justEnded(of companies: [String], at moment: Int64) -> SQLStatement {
        SQLStatement(
            """
            SELECT company_id, kind, plan, period_start, period_end, usage_limit, used, overage, version FROM quotas
            WHERE company_id = ANY ($1) AND period_end <= $2 AND updated_at > now() - interval '1 minute'
            """,
            [.textArray(companies), .timestamp(moment)]
        )
    }
}
