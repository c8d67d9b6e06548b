package import FlotillaModels
import FlotillaPlatform
package import Workers

/// Activates and renews the subscriptions that companies have paid for, and sets out their quotas.
///
/// A payment counts once, by its own id as well as by that of its message. `subscription.activated` or
/// `subscription.renewed` is published for each that begins a period.
package struct PaymentWorker: BatchWorker {
    package static let name = "quota"
    package static let events = [PaymentSucceeded.event]

    private let store: SubscriptionStore

    package init() { self.init(reader: nil) }

    /// - Parameter reader: shows the quotas of companies whose periods have changed; `nil` shows nothing.
    package init(reader: QuotaReader?) { store = SubscriptionStore(reader: reader) }

    package func handle(_ items: [BatchItem<PaymentSucceeded>], in context: BatchContext) async throws -> [Outcome] {
        for item in items { try item.checkStorable() }
        try await store.open(
            items.map(\.payload.companyID),
            subscriptionIDs: items.compactMap(\.payload.subscriptionID),
            paymentIDs: items.map(\.paymentID),
            in: context
        ) { ledger, isFresh in
            for (index, item) in items.enumerated() where isFresh[index] {
                try ledger.enter(
                    item.payload,
                    id: item.paymentID,
                    paidAt: item.time(of: item.payload.paidAt),
                    item: index,
                    newID: UUIDv7.make()
                )
            }
        }
        return Array(repeating: .done, count: items.count)
    }
}

extension BatchItem<PaymentSucceeded> {
    fileprivate var paymentID: String { payload.paymentID ?? messageID }
}
