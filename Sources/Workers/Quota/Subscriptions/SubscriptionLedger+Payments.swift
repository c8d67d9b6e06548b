import FlotillaModels

extension SubscriptionLedger {
    /// Enters a payment; one that is in the ledger already changes nothing.
    ///
    /// A payment for the plan that a company has renews it: a new period begins with the payment and lasts until the
    /// plan's months after the end already paid for, so that paying early loses nothing, and on the same day of the month
    /// as ever. A payment for another plan
    /// activates that plan from the payment on. Either way the quota begins afresh. A subscription that ran out while
    /// the payment, made before its end, was on its way is renewed as if it had not.
    ///
    /// A period that a service reported without a payment is paid by one that is made before it begins or within a day
    /// after: that payment begins no other period.
    ///
    /// - Parameter newID: the id of a subscription that the payment makes without naming it.
    mutating func enter(
        _ payment: PaymentSucceeded,
        id paymentID: String,
        paidAt: Int64,
        item: Int,
        newID: @autoclosure () -> String
    ) throws(InvalidPayload) {
        let plan = try plan(payment.plan)
        guard !isKnown(payment: paymentID) else { return }
        let known = try subscription(for: payment, paidAt: paidAt)
        if let known, let start = known.start, known.isAwaitingPayment, known.plan == payment.plan,
            paidAt <= start + Self.day
        {
            note(payment: paymentID)
            return applyLatePayment(known, start: start, paymentID: paymentID)
        }
        let start = start(paidAt, of: payment.companyID)
        let isRenewal = known.map { $0.isPaid(until: paidAt) && $0.plan == payment.plan } ?? false
        var subscription =
            known
            ?? Subscription(
                id: payment.subscriptionID ?? newID(),
                companyID: payment.companyID,
                plan: payment.plan,
                status: .created,
                toldAt: paidAt
            )
        let paidUntil = isRenewal ? max(subscription.end ?? start, start) : start
        let anchorDay =
            subscription.plan == payment.plan
            ? subscription.anchorDay(goingOnAt: paidUntil) : AnchorDay(of: paidUntil)
        subscription.plan = payment.plan
        subscription.toldAt = max(subscription.toldAt, paidAt)
        note(payment: paymentID)
        subscription = begin(
            subscription,
            plan,
            from: start,
            to: anchorDay.adding(plan.months, to: paidUntil),
            anchorDay: anchorDay,
            paymentID: paymentID,
            item: item
        )
        announce(
            isRenewal ? SubscriptionEvent.renewed : SubscriptionEvent.activated,
            subscription,
            paymentID: paymentID,
            item: item
        )
    }

    private static let day: Int64 = 86_400_000_000

    /// The subscription that a payment is for: the one it names, else the active one, else one that waits for its first
    /// payment or has just run out.
    private func subscription(
        for payment: PaymentSucceeded,
        paidAt: Int64
    ) throws(InvalidPayload) -> Subscription? {
        if let id = payment.subscriptionID { return try named(id, of: payment.companyID) }
        return first(of: payment.companyID) { $0.status == .active }
            ?? first(of: payment.companyID) { $0.status == .created }
            ?? first(of: payment.companyID) { $0.isPaid(until: paidAt) && $0.plan == payment.plan }
    }
}

extension SubscriptionLedger.Subscription {
    fileprivate var isAwaitingPayment: Bool { status == .active && isUnpaid }

    /// Whether a payment at that time goes on with what was paid before.
    fileprivate func isPaid(until moment: Int64) -> Bool {
        switch status {
        case .active: true
        case .expired: moment <= end ?? .min
        case .created, .cancelled: false
        }
    }
}
