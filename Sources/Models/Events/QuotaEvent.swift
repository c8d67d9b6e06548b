/// `quota.warning` and `quota.exceeded`, as the fleet publishes them: each once for a company, kind and period.
public struct QuotaEvent: Codable, Sendable, Hashable {
    public static let warning = "quota.warning"
    public static let exceeded = "quota.exceeded"

    public var companyId: String
    /// What is counted: a ``QuotaKind``.
    public var kind: String
    public var plan: String
    public var limit: Int64
    public var used: Int64
    public var overage: Int64
    /// ISO 8601 in UTC, as every time here.
    public var periodStart: String
    public var periodEnd: String
    public var timestamp: String

    public init(
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
