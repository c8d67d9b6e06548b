package import Storage

/// What a company may still use of one kind in the current period.
package struct QuotaStanding: Sendable, Hashable {
    package let plan: String
    /// `nil` is unlimited.
    package let limit: Int64?
    package let used: Int64
    package let overage: Int64

    package var remaining: Int64? { limit.map { max(0, $0 - used) } }
    /// The next use would be overage.
    package var isExhausted: Bool { remaining == 0 }
    /// The plan has nothing of this kind; use beyond a limit that there is counts as overage and is allowed.
    package var isForbidden: Bool { limit == 0 }
}

/// Reads quotas as they stand in Postgres.
package struct QuotaLookup: Sendable {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// What the company has used of its profile views in the period of a time.
    ///
    /// - Parameter time: microseconds since 1970.
    package func profileViews(of companyID: String, at time: Int64) async throws -> QuotaStanding {
        let kind = QuotaPeriod.profileViews
        let answers = try await pool.pipeline([
            QuotaStatements.periods(of: [companyID], kind: kind),
            QuotaStatements.limit(of: QuotaPeriod.defaultPlan, kind: kind),
            SQLStatement(
                """
                SELECT period_start, usage_limit, used, overage FROM quotas
                WHERE company_id = $1 AND kind = $2 AND period_start <= $3 AND period_end > $3
                """,
                [.text(companyID), .text(kind), .timestamp(time)]
            ),
        ])
        let period =
            answers[0].lazy.compactMap(QuotaPeriod.init).first { $0.start <= time && time < $0.end }
            ?? .month(containing: time, limit: answers[1].first?.int(0))
        guard let row = answers[2].first(where: { $0.timestamp(0) == period.start }) else {
            return QuotaStanding(plan: period.plan, limit: period.limit, used: 0, overage: 0)
        }
        return QuotaStanding(plan: period.plan, limit: row.int(1), used: row.int(2) ?? 0, overage: row.int(3) ?? 0)
    }
}

extension QuotaPeriod {
    /// - Parameter row: of ``QuotaStatements/periods(of:kind:)``.
    fileprivate init?(_ row: SQLRow) {
        guard let plan = row.text(1), let start = row.timestamp(3), let end = row.timestamp(4) else { return nil }
        self.init(plan: plan, limit: row.int(2), start: start, end: end)
    }
}
