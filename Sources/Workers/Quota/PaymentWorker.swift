import FoundationEssentials
public import Models
import Platform
import Storage

/// Activates and renews the subscriptions that companies have paid for, and sets out their quotas.
///
/// A payment counts once, by its own id as well as by that of its message. `subscription.activated` or
/// `subscription.renewed` is published for each.
public struct PaymentWorker: BatchWorker {
    public static let name = "quota"
    public static let events = [PaymentSucceeded.event]

    public init() {}

    public func handle(_ items: [BatchItem<PaymentSucceeded>], in context: BatchContext) async throws -> [Outcome] {
        for item in items { try item.checkStorable() }
        let companies = Set(items.map { ExactText($0.payload.companyID) }).sorted().map(\.text)
        let questions = [
            SubscriptionStatements.lock(companies),
            SubscriptionStatements.plans,
            SubscriptionStatements.active(companies),
            SubscriptionStatements.known(items.map(\.paymentID)),
        ]
        try await context.transaction(first: questions) { transaction in
            var book = SubscriptionBook(answers: Array(transaction.firstResults.dropFirst()))
            for (index, item) in items.enumerated() where transaction.isFresh[index] {
                try book.enter(
                    item.payload,
                    id: item.paymentID,
                    paidAt: item.time(of: item.payload.paidAt),
                    item: index,
                    newID: UUIDv7.make()
                )
            }
            guard !book.changes.isEmpty else { return }
            for change in book.changes { transaction.publish(try Self.event(change), causedBy: change.item) }
            transaction.finish(
                with: [SubscriptionStatements.save(book.changed)] + SubscriptionStatements.begin(book.changes)
            )
        }
        return Array(repeating: .done, count: items.count)
    }

    private static func event(_ change: SubscriptionBook.Change) throws -> OutgoingEvent {
        let name = change.isRenewal ? SubscriptionEvent.renewed : SubscriptionEvent.activated
        let body = SubscriptionEvent(
            subscriptionId: change.subscription.id,
            companyId: change.subscription.companyID,
            plan: change.subscription.plan,
            paymentId: change.paymentID,
            periodStart: WallClock.iso8601(change.subscription.start),
            periodEnd: WallClock.iso8601(change.subscription.end),
            timestamp: WallClock.iso8601()
        )
        return OutgoingEvent(name: name, body: Array(try JSONEncoder().encode(body)))
    }
}

extension BatchItem<PaymentSucceeded> {
    fileprivate var paymentID: String { payload.paymentID ?? messageID }
}

extension SubscriptionBook {
    /// - Parameter answers: to the questions about plans, active subscriptions and known payments, in this order.
    fileprivate init(answers: [SQLResult]) {
        var plans: [String: Int] = [:]
        for row in answers[0] { if let code = row.text(0), let months = row.int(1) { plans[code] = Int(months) } }
        let current = answers[1].compactMap { row -> Subscription? in
            guard let id = row.text(0), let company = row.text(1), let plan = row.text(2), let start = row.timestamp(3),
                let end = row.timestamp(4)
            else { return nil }
            return Subscription(id: id, companyID: company, plan: plan, start: start, end: end)
        }
        self.init(
            plans: plans,
            current: current,
            paymentIDs: Set(answers[2].compactMap { $0.text(0).map(ExactText.init) })
        )
    }
}
