import FlotillaModels
import FlotillaStorage

/// The subscriptions of some companies, and what payments and services' notices make of them.
///
/// Everything about one company goes through one ledger at a time. What has been reported before, or is older than what
/// is known, changes nothing, so that repeats and a changed order of arrival do no harm. A company has one active
/// subscription at most: another that begins takes its place.
struct SubscriptionLedger {
    struct Plan: Hashable {
        var months: Int
        /// Tokens given with each period.
        var tokens: Int64 = 0
    }

    struct Subscription: Hashable {
        var id: String
        var companyID: String
        var plan: String
        var status: SubscriptionStatus
        /// The period that was begun last; `nil` before the first. Microseconds since 1970, as every time here.
        var start: Int64?
        var end: Int64?
        /// The day of the month that its periods end on; `nil` before the first.
        var anchorDay: AnchorDay?
        /// Whether it ends, rather than waits for a payment, at the end of its period.
        var cancelsAtEnd = false
        /// The time of the newest event about it.
        var toldAt: Int64
        var endedAt: Int64?
        /// Whether its latest period began without a payment.
        var isUnpaid = false
    }

    /// A payment for a period that had begun without one.
    struct LatePayment: Hashable {
        var subscriptionID: String
        var start: Int64
        var paymentID: String
    }

    /// A period that begins.
    struct Period: Hashable {
        var subscriptionID: String
        var companyID: String
        var plan: String
        var start: Int64
        var end: Int64
        /// `nil` for one that was not paid for through us.
        var paymentID: String?
        var tokens: Int64
        /// The item of the batch that brought it about.
        var item: Int
    }

    /// An event to publish.
    struct PendingEvent: Hashable {
        var name: String
        var subscription: Subscription
        var paymentID: String?
        var item: Int
    }

    private var subscriptions: [ExactText: Subscription]
    /// The newest first.
    private var ids: [ExactText]
    private var lastStarts: [ExactText: Int64]
    private var paymentIDs: Set<ExactText>
    private let plans: [String: Plan]
    private var changedIDs: Set<ExactText> = []
    private(set) var begun: [Period] = []
    private(set) var latePayments: [LatePayment] = []
    private(set) var pendingEvents: [PendingEvent] = []

    /// - Parameters:
    ///   - subscriptions: the companies' own, and those of others that are named; of each company the newest first.
    ///   - lastStarts: when the latest period of each company began.
    ///   - paymentIDs: those of the payments at hand that are known already.
    init(
        plans: [String: Plan],
        subscriptions: [Subscription] = [],
        lastStarts: [ExactText: Int64] = [:],
        paymentIDs: Set<ExactText> = []
    ) {
        self.plans = plans
        self.subscriptions = Dictionary(subscriptions.map { (ExactText($0.id), $0) }) { first, _ in first }
        self.lastStarts = lastStarts
        self.paymentIDs = paymentIDs
        ids = subscriptions.map { ExactText($0.id) }
    }

    /// The subscriptions that are not as they were, in the one order in which every process writes them.
    var changed: [Subscription] { changedIDs.sorted().compactMap { subscriptions[$0] } }
}

// What the rules in the other files are made of.
extension SubscriptionLedger {
    /// A company's subscription that meets the condition, the newest one.
    func first(of companyID: String, where condition: (Subscription) -> Bool) -> Subscription? {
        for id in ids {
            if let found = subscriptions[id], ExactText(found.companyID) == ExactText(companyID), condition(found) {
                return found
            }
        }
        return nil
    }

    /// - Throws: when the id is that of another company's subscription.
    func named(_ id: String, of companyID: String) throws(InvalidPayload) -> Subscription? {
        guard let found = subscriptions[ExactText(id)] else { return nil }
        guard ExactText(found.companyID) == ExactText(companyID) else {
            throw InvalidPayload(
                field: "subscriptionId",
                problem: "expected one of this company, found that of another company"
            )
        }
        return found
    }

    func plan(_ code: String) throws(InvalidPayload) -> Plan {
        guard let plan = plans[code] else {
            let known = plans.keys.sorted().joined(separator: ", ")
            throw InvalidPayload(field: "plan", problem: "expected one of \(known), found another plan")
        }
        return plan
    }

    func isKnown(payment id: String) -> Bool { paymentIDs.contains(ExactText(id)) }

    mutating func note(payment id: String) { paymentIDs.insert(ExactText(id)) }

    /// The first moment at which another period of the company may begin: periods begin one after the other, even when
    /// what begins them arrives in another order.
    func start(_ moment: Int64, of companyID: String) -> Int64 {
        max(moment, lastStarts[ExactText(companyID)].map { $0 + 1 } ?? moment)
    }

    mutating func set(_ subscription: Subscription) {
        let id = ExactText(subscription.id)
        if subscriptions[id] == nil { ids.insert(id, at: 0) }
        guard subscriptions[id] != subscription else { return }
        subscriptions[id] = subscription
        changedIDs.insert(id)
    }

    /// Begins a period, which makes the subscription the company's active one; another that is active gives way.
    mutating func begin(
        _ subscription: Subscription,
        _ plan: Plan,
        from start: Int64,
        to end: Int64,
        anchorDay: AnchorDay,
        paymentID: String?,
        item: Int
    ) -> Subscription {
        let company = ExactText(subscription.companyID)
        for id in ids where id != ExactText(subscription.id) {
            guard var other = subscriptions[id], ExactText(other.companyID) == company, other.status == .active else {
                continue
            }
            other.status = .cancelled
            other.cut(at: start)
            other.endedAt = start
            set(other)
        }
        var active = subscription
        active.status = .active
        (active.start, active.end) = (start, end)
        active.anchorDay = anchorDay
        active.cancelsAtEnd = false
        active.endedAt = nil
        active.isUnpaid = paymentID == nil
        set(active)
        lastStarts[company] = start
        begun.append(
            Period(
                subscriptionID: active.id,
                companyID: active.companyID,
                plan: active.plan,
                start: start,
                end: end,
                paymentID: paymentID,
                tokens: plan.tokens,
                item: item
            )
        )
        return active
    }

    /// Notes the payment for a period that has begun.
    mutating func applyLatePayment(_ subscription: Subscription, start: Int64, paymentID: String) {
        var paid = subscription
        paid.isUnpaid = false
        set(paid)
        latePayments.append(LatePayment(subscriptionID: paid.id, start: start, paymentID: paymentID))
    }

    mutating func announce(_ name: String, _ subscription: Subscription, paymentID: String? = nil, item: Int) {
        pendingEvents.append(
            PendingEvent(name: name, subscription: subscription, paymentID: paymentID, item: item)
        )
    }
}

extension SubscriptionLedger.Subscription {
    /// The day that a period's end is reckoned by when months are added to that moment. A period that goes on from the
    /// day on which the one before ends keeps its day: the 31st is not lost over a February.
    func anchorDay(goingOnAt moment: Int64) -> AnchorDay {
        let day: Int64 = 86_400_000_000
        guard let anchorDay, let end, end / day == moment / day else { return AnchorDay(of: moment) }
        return anchorDay
    }

    /// The day of a period whose end was told: the known one or that of its begin, if it ends on that, else that of its
    /// end.
    func anchorDay(from start: Int64?, to end: Int64) -> AnchorDay {
        let known = [anchorDay, start.map { AnchorDay(of: $0) }].compactMap(\.self)
        return known.first { $0.falls(on: end) } ?? AnchorDay(of: end)
    }

    /// Gives the period another end.
    mutating func move(endTo end: Int64) {
        anchorDay = anchorDay(from: start, to: end)
        self.end = end
    }

    /// Ends the period at that moment, if it does not end before. A period of nothing is kept as one of a microsecond.
    mutating func cut(at moment: Int64) {
        guard let start, let end else { return }
        if moment < end { move(endTo: max(moment, start + 1)) }
    }
}
