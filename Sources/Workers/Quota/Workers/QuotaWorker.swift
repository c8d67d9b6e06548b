package import FlotillaModels
package import Workers

/// Counts the profile views of companies against their quotas, and tells when one runs short and when it is exceeded.
///
/// A batch writes one row per company and period. Past the limit a view is counted as overage; `quota.warning` and
/// `quota.exceeded` are published once per period each.
package struct QuotaWorker: BatchWorker {
    package static let name = "quota"
    package static let events = [ProfileViewed.event]

    private let counter: QuotaCounter

    package init() { self.init(cache: nil) }

    /// - Parameter cache: where the counters are shown; `nil` shows them nowhere.
    package init(cache: QuotaCache?) { counter = QuotaCounter(kind: .profileViews, cache: cache) }

    package func handle(_ items: [BatchItem<ProfileViewed>], in context: BatchContext) async throws -> [Outcome] {
        try await counter.count(items, in: context) { ($0.companyID, $0.occurredAt) }
        return Array(repeating: .done, count: items.count)
    }
}
