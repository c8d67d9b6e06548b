/// `subscription.activated`, `.renewed`, `.expired` and `.expiring`, as the fleet publishes them.
///
/// Other services publish events of the same names. Those of the fleet say so in `service`, and the fleet takes none of
/// them for an order to itself.
public struct SubscriptionEvent: Codable, Sendable, Hashable {
    public static let activated = "subscription.activated"
    public static let renewed = "subscription.renewed"
    public static let expired = "subscription.expired"
    /// Some days ahead of the end.
    public static let expiring = "subscription.expiring"

    /// What `service` says.
    public static let publisher = "flotilla"

    public var service = publisher
    public var subscriptionId: String
    public var companyId: String
    public var plan: String
    /// What the subscription is after the event: `active`, `expired`, or `cancelled` when it ended as it was told to.
    public var status: String
    /// The payment that brought it about.
    public var paymentId: String?
    /// ISO 8601 in UTC, as every time here.
    public var periodStart: String
    public var periodEnd: String
    /// How many days are left, begun ones included.
    public var daysLeft: Int?
    public var timestamp: String

    public init(
        subscriptionId: String,
        companyId: String,
        plan: String,
        status: String,
        paymentId: String? = nil,
        periodStart: String,
        periodEnd: String,
        daysLeft: Int? = nil,
        timestamp: String
    ) {
        self.subscriptionId = subscriptionId
        self.companyId = companyId
        self.plan = plan
        self.status = status
        self.paymentId = paymentId
        self.periodStart = periodStart
        self.periodEnd = periodEnd
        self.daysLeft = daysLeft
        self.timestamp = timestamp
    }
}
