/// `quota.warning` and `quota.exceeded`, as the fleet publishes them: each once for a company, kind and period.
package struct QuotaEvent: Codable, Sendable, Hashable {
    package static let warning = "quota.warning"
    package static let exceeded = "quota.exceeded"

    package var companyId: String
    /// What is counted: a ``QuotaKind``.
    package var kind: String
    package var plan: String
    package var limit: Int64
    package var used: Int64
    package var overage: Int64
    /// ISO 8601 in UTC, as every time here.
    package var periodStart: String
    package var periodEnd: String
    package var timestamp: String

    package init(
        companyId: String,
        kind: String,
        plan: String,
        limit: Int64,
        used: Int64,
        overage: Int64,
        periodStart: String,
        periodEnd: String,
        timestamp: String
    ) {
        self.companyId = companyId
        self.kind = kind
        self.plan = plan
        self.limit = limit
        self.used = used
        self.overage = overage
        self.periodStart = periodStart
        self.periodEnd = periodEnd
        self.timestamp = timestamp
    }
}
