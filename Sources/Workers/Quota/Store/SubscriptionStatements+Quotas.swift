import FlotillaStorage

extension SubscriptionStatements {
    /// Sets out the quotas of periods that begin.
    ///
    /// A row may be there already: that of a calendar month which begins at the same moment. Its uses lie in the new
    /// period; they stay, and count against the new limit. What that shifts between use and overage is written into the
    /// history, so that its sums stay those of the counters.
    static func setOutQuotas(_ begun: [SubscriptionLedger.Period]) -> [SQLStatement] {
        let values: [SQLValue] = [
            .textArray(begun.map(\.companyID)), .timestampArray(begun.map(\.start)),
            .timestampArray(begun.map(\.end)), .textArray(begun.map(\.plan)),
        ]
        let due = """
            SELECT begun.company_id, limits.kind, begun.period_start, begun.period_end, begun.plan, limits.usage_limit
            FROM unnest($1, $2, $3, $4) AS begun (company_id, period_start, period_end, plan)
            JOIN plan_limits AS limits ON limits.plan = begun.plan
            """
        let shifted = """
            SELECT quota.company_id, quota.kind, quota.period_start, due.period_end, due.plan, due.usage_limit,
                quota.used + quota.overage AS total,
                least(quota.used + quota.overage, coalesce(due.usage_limit, quota.used + quota.overage)) AS used
            FROM quotas AS quota JOIN (\(due)) AS due USING (company_id, kind, period_start)
            WHERE (quota.plan, quota.usage_limit) IS DISTINCT FROM (due.plan, due.usage_limit)
            """
        return [
            SQLStatement(
                """
                INSERT INTO quotas (company_id, kind, period_start, period_end, plan, usage_limit)
                SELECT * FROM (\(due)) AS due ORDER BY company_id COLLATE "C", kind, period_start
                ON CONFLICT ON CONSTRAINT pk_quotas DO NOTHING
                """,
                values
            ),
            SQLStatement(
                """
                SELECT 1 FROM quotas AS quota JOIN (\(due)) AS due USING (company_id, kind, period_start)
                ORDER BY quota.company_id COLLATE "C", quota.kind, quota.period_start FOR UPDATE OF quota
                """,
                values
            ),
            SQLStatement(
                """
                INSERT INTO quota_usage (company_id, kind, period_start, used, overage)
                SELECT quota.company_id, quota.kind, quota.period_start, shifted.used - quota.used,
                    shifted.total - shifted.used - quota.overage
                FROM quotas AS quota JOIN (\(shifted)) AS shifted USING (company_id, kind, period_start)
                WHERE shifted.used <> quota.used
                """,
                values
            ),
            SQLStatement(
                """
                UPDATE quotas AS quota SET period_end = shifted.period_end, plan = shifted.plan,
                    usage_limit = shifted.usage_limit, used = shifted.used, overage = shifted.total - shifted.used,
                    warned_at = NULL, exceeded_at = NULL, version = quota.version + 1, updated_at = now()
                FROM (\(shifted)) AS shifted
                WHERE quota.company_id = shifted.company_id AND quota.kind = shifted.kind
                    AND quota.period_start = shifted.period_start
                """,
                values
            ),
        ]
    }
}
