import FlotillaStorage

/// How much of a company's quota in one period a batch uses.
struct QuotaUsage: Sendable {
    let companyID: ExactText
    let period: QuotaPeriod
    var amount: Int64
    /// The first of the items in the batch that use it.
    let firstItem: Int
}
