package import FlotillaStorage

/// Brings the plans of a file into the tables that the workers read.
package struct PlanStore: Sendable {
    /// What was different.
    package struct Changes: Sendable, Hashable {
        /// A plan that the file no longer has.
        package struct Kept: Sendable, Hashable {
            package let code: String
            /// How many active subscriptions have it.
            package let subscriptions: Int

            package var warning: String {
                let users = subscriptions == 0 ? "no subscription has it, but some had" : "\(subscriptions) have it"
                return "the plan '\(code)' is not in the plan file any more; it is kept, for \(users)"
            }
        }

        /// New, or changed.
        package var written: [String] = []
        /// Gone from the file, and nobody ever had them.
        package var removed: [String] = []
        package var kept: [Kept] = []
    }

    /// Any number, but always this one: whoever holds this advisory lock may change the plans.
    private static let lock: Int64 = 0x666c_6f74_706c_616e

    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Makes the tables say what the plans say, one process at a time. A plan that is not among them is kept when
    /// somebody has or had it.
    package func apply(_ plans: [Plan]) async throws -> Changes {
        try await pool.transaction { transaction in
            let results = try await transaction.pipeline(Self.statements(for: plans))
            var changes = Changes()
            let written = Set(results[1].compactMap { $0.text(0) } + results[2].compactMap { $0.text(0) })
            changes.written = written.sorted()
            changes.removed = results[5].compactMap { $0.text(0) }.sorted()
            changes.kept = results[6].map { .init(code: $0.text(0) ?? "", subscriptions: Int($0.int(1) ?? 0)) }
            return changes
        }
    }

    private static func statements(for plans: [Plan]) -> [SQLStatement] {
        let codes = SQLValue.textArray(plans.map(\.code))
        let limits = plans.flatMap { plan in QuotaKind.allCases.map { (plan.code, $0, plan.limits[$0]) } }
        let unused = """
            SELECT code FROM plans WHERE code <> ALL ($1)
                AND NOT EXISTS (SELECT FROM subscriptions WHERE plan = code)
                AND NOT EXISTS (SELECT FROM subscription_periods WHERE plan = code)
            """
        return [
            SQLStatement("SELECT pg_advisory_xact_lock($1)", [.int(lock)]),
            SQLStatement(
                """
                INSERT INTO plans (code, name, period_months, token_allowance)
                SELECT code, name, period_months::integer, token_allowance
                FROM unnest($1, $2, $3, $4) AS plan (code, name, period_months, token_allowance)
                ON CONFLICT ON CONSTRAINT pk_plans DO UPDATE SET name = excluded.name,
                    period_months = excluded.period_months, token_allowance = excluded.token_allowance
                WHERE (plans.name, plans.period_months, plans.token_allowance)
                    IS DISTINCT FROM (excluded.name, excluded.period_months, excluded.token_allowance)
                RETURNING code
                """,
                [
                    codes, .textArray(plans.map(\.name)), .intArray(plans.map { Int64($0.months) }),
                    .intArray(plans.map(\.tokens)),
                ]
            ),
            SQLStatement(
                """
                INSERT INTO plan_limits (plan, kind, usage_limit) SELECT * FROM unnest($1, $2, $3)
                ON CONFLICT ON CONSTRAINT pk_plan_limits DO UPDATE SET usage_limit = excluded.usage_limit
                WHERE plan_limits.usage_limit IS DISTINCT FROM excluded.usage_limit
                RETURNING plan
                """,
                [
                    .textArray(limits.map(\.0)), .textArray(limits.map(\.1.rawValue)), .intArray(limits.map(\.2)),
                ]
            ),
            // Whoever begins a subscription with one of them waits, or is waited for.
            SQLStatement("SELECT code FROM plans WHERE code <> ALL ($1) ORDER BY code FOR UPDATE", [codes]),
            SQLStatement("DELETE FROM plan_limits WHERE plan IN (\(unused))", [codes]),
            SQLStatement("DELETE FROM plans WHERE code IN (\(unused)) RETURNING code", [codes]),
            SQLStatement(
                """
                SELECT code, (SELECT count(*) FROM subscriptions WHERE plan = code AND status = 'active')
                FROM plans WHERE code <> ALL ($1) ORDER BY code
                """,
                [codes]
            ),
        ]
    }
}
