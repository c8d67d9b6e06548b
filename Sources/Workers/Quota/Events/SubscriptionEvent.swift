/// `subscription.activated`, `.renewed`, `.expired` and `.expiring`, as the fleet publishes them.
///
/// Other services publish events of the same names. Those of the fleet say so in `service`, and the fleet takes none of
/// them for an order to itself.
package struct SubscriptionEvent: Codable, Sendable, Hashable {
    package static let activated = "subscription.activated"
    package static let renewed = "subscription.renewed"
    package static let expired = "subscription.expired"
    /// Some days ahead of the end.
    package static let expiring = "subscription.expiring"

    /// What `service` says.
    package static let publisher = "flotilla"

    package var service = publisher
    package var subscriptionId: String
    package var companyId: String
    package var plan: String
    /// What the subscription is after the event: `active`, `expired`, or `cancelled` when it ended as it was told to.
    package var status: String
    /// The payment that brought it about.
    package var paymentId: String?
    /// ISO 8601 in UTC, as every time here.
    package var periodStart: String
    package var periodEnd: String
    /// How many days are left, begun ones included.
    package var daysLeft: Int?
    package var timestamp: String

    package init(
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
