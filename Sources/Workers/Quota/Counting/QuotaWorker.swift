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

    package init() { self.init(board: nil) }

    /// - Parameter board: where the counters are shown; `nil` shows them nowhere.
    package init(board: QuotaBoard?) { counter = QuotaCounter(kind: .profileViews, board: board) }

    package func handle(_ items: [BatchItem<ProfileViewed>], in context: BatchContext) async throws -> [Outcome] {
        try await counter.count(items, in: context) { ($0.companyID, $0.occurredAt) }
        return Array(repeating: .done, count: items.count)
    }
}

/// As ``QuotaWorker``, for searches.
package struct SearchQuotaWorker: BatchWorker {
    package static let name = "quota"
    package static let events = [SearchPerformed.event]

    private let counter: QuotaCounter

    package init() { self.init(board: nil) }

    package init(board: QuotaBoard?) { counter = QuotaCounter(kind: .searches, board: board) }

    package func handle(_ items: [BatchItem<SearchPerformed>], in context: BatchContext) async throws -> [Outcome] {
        try await counter.count(items, in: context) { ($0.companyID, $0.occurredAt) }
        return Array(repeating: .done, count: items.count)
    }
}
