package import FlotillaModels
package import Workers

/// Takes in what other services say of subscriptions: `subscription.created`, `.updated`, `.renewed`, `.cancelled` and
/// `.expired`.
///
/// What the fleet has published itself under these names changes nothing.
package struct SubscriptionWorker: BatchWorker {
    package static let name = "quota"
    package static let events = SubscriptionNotice.Kind.allCases.map(\.rawValue)

    private let store: SubscriptionStore

    package init() { self.init(reader: nil) }

    /// - Parameter reader: shows the quotas of companies whose periods have changed; `nil` shows nothing.
    package init(reader: QuotaReader?) { store = SubscriptionStore(reader: reader) }

    package func handle(_ items: [BatchItem<SubscriptionNotice>], in context: BatchContext) async throws -> [Outcome] {
        // By its queue, for the publisher may give the event another name in the property `type`.
        guard let kind = SubscriptionNotice.Kind(rawValue: QueueName.event(of: context.queue)) else {
            throw PermanentError(type: "unknown_event", message: "no notice comes by the queue \(context.queue)")
        }
        for item in items { try item.checkStorable() }
        try await store.open(
            items.map(\.payload.companyID),
            subscriptionIDs: items.compactMap(\.payload.subscriptionID),
            paymentIDs: items.compactMap(\.payload.paymentID),
            in: context
        ) { ledger, isFresh in
            for (index, item) in items.enumerated() where isFresh[index] {
                try ledger.enter(
                    kind,
                    item.payload,
                    saidAt: item.time(of: item.payload.saidAt),
                    receivedAt: item.receivedAt,
                    item: index
                )
            }
        }
        return Array(repeating: .done, count: items.count)
    }
}
