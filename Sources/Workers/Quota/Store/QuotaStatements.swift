import FlotillaStorage

enum QuotaStatements {
    /// The latest paid periods of the companies, with their limits: late events belong to earlier ones.
    static func periods(of companies: [String], kind: QuotaKind) -> SQLStatement {
        SQLStatement(
            """
            SELECT wanted.id, period.plan, limits.usage_limit, period.period_start, period.period_end
            FROM unnest($1) AS wanted (id)
            CROSS JOIN LATERAL (
                SELECT plan, period_start, period_end FROM subscription_periods
                WHERE company_id = wanted.id ORDER BY period_start DESC LIMIT 4
            ) AS period
            LEFT JOIN plan_limits AS limits ON limits.plan = period.plan AND limits.kind = $2
            """,
            [.textArray(companies), .text(kind.rawValue)]
        )
    }

    static func limit(of plan: String, kind: QuotaKind) -> SQLStatement {
        SQLStatement(
            "SELECT usage_limit FROM plan_limits WHERE plan = $1 AND kind = $2",
            [.text(plan), .text(kind.rawValue)]
        )
    }

    /// Adds the uses in their order; each row is made at its first use, and locked until the commit.
    static func use(_ uses: [QuotaUsage], kind: QuotaKind) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO quotas AS quota (company_id, kind, period_start, period_end, plan, usage_limit, used, overage, version)
            SELECT company_id, $1, period_start, period_end, plan, usage_limit,
                least(amount, coalesce(usage_limit, amount)), amount - least(amount, coalesce(usage_limit, amount)), 1
            FROM unnest($2, $3, $4, $5, $6, $7) WITH ORDINALITY AS
                wanted (company_id, period_start, period_end, plan, usage_limit, amount, position)
            ORDER BY position
            ON CONFLICT ON CONSTRAINT pk_quotas DO UPDATE SET
                used = CASE WHEN quota.usage_limit IS NULL
                    THEN quota.used + excluded.used + excluded.overage
                    ELSE least(quota.usage_limit, quota.used + excluded.used + excluded.overage) END,
                overage = CASE WHEN quota.usage_limit IS NULL THEN quota.overage
                    ELSE quota.overage
                        + greatest(0, quota.used + excluded.used + excluded.overage - quota.usage_limit) END,
                version = quota.version + 1, updated_at = now()
            RETURNING usage_limit, used, overage, version
            """,
            [
                .text(kind.rawValue), .textArray(uses.map(\.companyID.text)), .timestampArray(uses.map(\.period.start)),
                .timestampArray(uses.map(\.period.end)), .textArray(uses.map(\.period.plan)),
                .intArray(uses.map(\.period.limit)), .intArray(uses.map(\.amount)),
            ]
        )
    }

    /// Keeps what each use added, so that the counters can be checked against their history.
    static func history(_ uses: [QuotaUsage], _ states: [QuotaState], kind: QuotaKind) -> SQLStatement {
        let counted = zip(uses, states).map { $1.counted(of: $0.amount) }
        return SQLStatement(
            """
            INSERT INTO quota_usage (company_id, kind, period_start, used, overage)
            SELECT company_id, $1, period_start, used, overage
            FROM unnest($2, $3, $4, $5) AS added (company_id, period_start, used, overage)
            """,
            [
                .text(kind.rawValue), .textArray(uses.map(\.companyID.text)), .timestampArray(uses.map(\.period.start)),
                .intArray(counted), .intArray(zip(uses, counted).map { $0.amount - $1 }),
            ]
        )
    }

    /// Notes on the quotas when the events became due.
    static func mark(_ events: [(use: QuotaUsage, name: String)], kind: QuotaKind) -> SQLStatement {
        SQLStatement(
            """
            UPDATE quotas SET
                warned_at = CASE WHEN event = 'quota.warning' THEN now() ELSE warned_at END,
                exceeded_at = CASE WHEN event = 'quota.exceeded' THEN now() ELSE exceeded_at END
            FROM unnest($2, $3, $4) AS due (company_id, period_start, event)
            WHERE quotas.company_id = due.company_id AND quotas.kind = $1
                AND quotas.period_start = due.period_start
            """,
            [
                .text(kind.rawValue), .textArray(events.map(\.use.companyID.text)),
                .timestampArray(events.map(\.use.period.start)), .textArray(events.map(\.name)),
            ]
        )
    }
}
