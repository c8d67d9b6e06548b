/// `subscription.activated` and `subscription.renewed`, as the fleet publishes them.
public struct SubscriptionEvent: Codable, Sendable, Hashable {
    public static let activated = "subscription.activated"
    public static let renewed = "subscription.renewed"

    public var subscriptionId: String
    public var companyId: String
    public var plan: String
    public var paymentId: String
    /// ISO 8601 in UTC, as every time here.
    public var periodStart: String
    public var periodEnd: String
    public var timestamp: String

    public init(
        subscriptionId: String,
        companyId: String,
        plan: String,
        paymentId: String,
        periodStart: String,
        periodEnd: String,
        timestamp: String
    ) {
        self.subscriptionId = subscriptionId
        self.companyId = companyId
        self.plan = plan
        self.paymentId = paymentId
        self.periodStart = periodStart
        self.periodEnd = periodEnd
        self.timestamp = timestamp
    }
}
