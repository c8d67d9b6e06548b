/// A notice about a subscription that is not known yet. It is tried again, since the other may be on its way.
struct UnknownSubscription: Error, CustomStringConvertible {
    let notice: SubscriptionNotice

    var description: String {
        let which = notice.subscriptionID.map { "subscription '\($0)'" } ?? "present subscription"
        return "the company '\(notice.companyID)' has no \(which) that is known here"
    }
}
