package import FlotillaModels

/// `subscription.created`, `.updated`, `.renewed`, `.cancelled` and `.expired`: what a service says of subscriptions.
///
/// ```json
/// {"subscriptionId": "sub_1", "customerId": "c-1", "plan": "pro", "status": "active",
///  "periodStart": "2026-01-10T00:00:00Z", "periodEnd": "2026-02-10T00:00:00Z", "timestamp": "2026-01-10T00:00:03Z"}
/// ```
/// Only the company is needed by all of them; names in snake case, and those that services give to the same, are read too.
package struct SubscriptionNotice: Decodable, WholeBody, Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case created = "subscription.created"
        case updated = "subscription.updated"
        case renewed = "subscription.renewed"
        case cancelled = "subscription.cancelled"
        case expired = "subscription.expired"
    }

    package var companyID: String
    /// Without one, the company's present subscription is meant.
    package var subscriptionID: String?
    /// In lower case.
    package var plan: String?
    package var status: SubscriptionStatus?
    package var paymentID: String?
    /// Microseconds since 1970, as every time here.
    package var periodStart: Int64?
    package var periodEnd: Int64?
    package var expiredAt: Int64?
    /// When it was said.
    package var saidAt: Int64?
    /// Whether a cancelled subscription runs to the end of its period; it does unless told otherwise.
    package var cancelsAtEnd: Bool?
    /// Whether the fleet has published it itself.
    package var isOwn: Bool

    package init(companyID: String, subscriptionID: String? = nil) {
        self.companyID = companyID
        self.subscriptionID = subscriptionID
        isOwn = false
    }

    package init(body: [UInt8]) throws(InvalidPayload) {
        let fields = try EventFields(body)
        companyID = try fields.requiredIdentifier("companyId", "company_id", "customerId", "customer_id")
        subscriptionID = try fields.identifier("subscriptionId", "subscription_id")
        plan = try fields.identifier("plan", "planId", "plan_id", "planCode", "plan_code")?.lowercased()
        paymentID = try fields.identifier("paymentId", "payment_id", "paymentIntentId", "payment_intent_id")
        periodStart = try fields.time(
            "periodStart",
            "period_start",
            "currentPeriodStart",
            "current_period_start",
            "startDate",
            "start_date"
        )
        periodEnd = try fields.time(
            "periodEnd",
            "period_end",
            "currentPeriodEnd",
            "current_period_end",
            "endDate",
            "end_date",
            "endsAt",
            "ends_at",
            "expiresAt",
            "expires_at"
        )
        expiredAt = try fields.time("expiredAt", "expired_at")
        saidAt = try fields.time("occurredAt", "occurred_at", "timestamp")
        let atEnd = try fields.flag("atPeriodEnd", "at_period_end", "cancelAtPeriodEnd", "cancel_at_period_end")
        let atOnce = try fields.flag("immediate", "immediately")
        cancelsAtEnd = atEnd ?? atOnce.map { !$0 }
        // Whatever others write there is no mistake of theirs.
        isOwn = (try? fields.identifier("service")) == SubscriptionEvent.publisher
        if let word = try fields.identifier("status") {
            guard let status = SubscriptionStatus(word: word) else {
                let known = SubscriptionStatus.allCases.map(\.rawValue).joined(separator: ", ")
                throw InvalidPayload(field: "status", problem: "expected one of \(known), found another status")
            }
            self.status = status
        }
        if let periodStart, let periodEnd, periodEnd <= periodStart {
            throw InvalidPayload(field: "periodEnd", problem: "expected a time after periodStart, found an earlier one")
        }
    }
}
