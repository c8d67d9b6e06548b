import Models
import Storage

/// The subscriptions of some companies, and what payments make of them.
///
/// A payment for the plan that a company has renews it: a new period begins with the payment and lasts until the plan's
/// months after the end already paid for, so that paying early loses nothing. A payment for another plan activates
/// that plan from the payment on. Either way the quota begins afresh.
struct SubscriptionBook {
    struct Subscription: Hashable {
        var id: String
        var companyID: String
        var plan: String
        var start: Int64
        var end: Int64
    }

    struct Change: Hashable {
        var subscription: Subscription
        var paymentID: String
        var isRenewal: Bool
        /// The item of the batch that brought the payment.
        var item: Int
    }

    /// Months by plan.
    private let plans: [String: Int]
    private var current: [ExactText: Subscription]
    private var paymentIDs: Set<ExactText>
    private(set) var changes: [Change] = []

    init(plans: [String: Int], current: [Subscription], paymentIDs: Set<ExactText>) {
        self.plans = plans
        self.current = Dictionary(current.map { (ExactText($0.companyID), $0) }) { first, _ in first }
        self.paymentIDs = paymentIDs
    }

    /// Enters a payment; one that is in the book already changes nothing.
    ///
    /// - Parameter newID: the id of the subscription if this is the company's first.
    mutating func enter(
        _ payment: PaymentSucceeded,
        id paymentID: String,
        paidAt: Int64,
        item: Int,
        newID: @autoclosure () -> String
    ) throws(InvalidPayload) {
        guard let months = plans[payment.plan] else {
            let known = plans.keys.sorted().joined(separator: ", ")
            throw InvalidPayload(field: "plan", problem: "expected one of \(known), found another plan")
        }
        guard paymentIDs.insert(ExactText(paymentID)).inserted else { return }
        var subscription: Subscription
        let isRenewal: Bool
        if let existing = current[ExactText(payment.companyID)] {
            subscription = existing
            isRenewal = existing.plan == payment.plan
            // Periods of a company begin one after the other, even for payments that arrive in another order.
            subscription.start = max(paidAt, existing.start + 1)
            let paidUntil = isRenewal ? max(existing.end, subscription.start) : subscription.start
            subscription.end = CalendarMonth.adding(months, to: paidUntil)
            subscription.plan = payment.plan
        } else {
            isRenewal = false
            subscription = Subscription(
                id: newID(),
                companyID: payment.companyID,
                plan: payment.plan,
                start: paidAt,
                end: CalendarMonth.adding(months, to: paidAt)
            )
        }
        current[ExactText(payment.companyID)] = subscription
        changes.append(Change(subscription: subscription, paymentID: paymentID, isRenewal: isRenewal, item: item))
    }

    /// The subscriptions as the changes leave them, in the one order in which every process writes them.
    var changed: [Subscription] {
        Set(changes.map { ExactText($0.subscription.companyID) }).sorted().compactMap { current[$0] }
    }
}
