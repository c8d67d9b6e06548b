package import FlotillaModels

/// `payment.succeeded`: a company has paid for a period of a plan.
///
/// ```json
/// {"paymentId": "pay_1", "companyId": "c-1", "plan": "pro", "paidAt": "2026-01-30T03:00:00Z"}
/// ```
/// Names in snake case, and the webhook form of payment services (`paymentIntentId`, `status`, the particulars in `data`,
/// company and plan in `metadata` or `data.metadata`) are read too. A `status` other than success is refused.
package struct PaymentSucceeded: Decodable, WholeBody, Sendable, Hashable {
    package static let event = "payment.succeeded"

    package let companyID: String
    /// In lower case.
    package let plan: String
    /// Without one, the message's id takes its place.
    package let paymentID: String?
    /// The subscription that it is for; without one, the company's present subscription or a new one.
    package let subscriptionID: String?
    /// Microseconds since 1970.
    package let paidAt: Int64?

    package init(
        companyID: String,
        plan: String,
        paymentID: String? = nil,
        subscriptionID: String? = nil,
        paidAt: Int64? = nil
    ) {
        self.companyID = companyID
        self.plan = plan
        self.paymentID = paymentID
        self.subscriptionID = subscriptionID
        self.paidAt = paidAt
    }

    package init(body: [UInt8]) throws(InvalidPayload) {
        let fields = try EventFields(body)
        companyID = try fields.requiredIdentifier("companyId", "company_id", "customerId", "customer_id")
        plan = try fields.requiredIdentifier("plan", "planId", "plan_id", "planCode", "plan_code").lowercased()
        paymentID = try fields.identifier(
            "paymentId",
            "payment_id",
            "paymentIntentId",
            "payment_intent_id",
            "payment_service_id",
            "transactionId"
        )
        subscriptionID = try fields.identifier("subscriptionId", "subscription_id")
        paidAt = try fields.time(
            "paidAt",
            "paid_at",
            "completedAt",
            "completed_at",
            "occurredAt",
            "occurred_at",
            "timestamp"
        )
        let status = try fields.identifier("status")?.lowercased()
        guard [nil, "succeeded", "success", "completed", "paid"].contains(status) else {
            throw InvalidPayload(field: "status", problem: "expected succeeded or completed, found another status")
        }
    }
}
