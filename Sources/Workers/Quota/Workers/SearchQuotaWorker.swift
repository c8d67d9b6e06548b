package import FlotillaModels
package import Workers

/// As ``QuotaWorker``, for searches.
package struct SearchQuotaWorker: BatchWorker {
    package static let name = "quota"
    package static let events = [SearchPerformed.event]

    private let counter: QuotaCounter

    package init() { self.init(cache: nil) }

    package init(cache: QuotaCache?) { counter = QuotaCounter(kind: .searches, cache: cache) }

    package func handle(_ items: [BatchItem<SearchPerformed>], in context: BatchContext) async throws -> [Outcome] {
        try await counter.count(items, in: context) { ($0.companyID, $0.occurredAt) }
        return Array(repeating: .done, count: items.count)
    }
}
