/// A quota in one period, as it was at some moment.
package struct QuotaSnapshot: Sendable, Hashable {
    package var companyID: String
    package var kind: String
    package var plan: String
    /// Microseconds since 1970; the end is not part of the period.
    package var start: Int64
    package var end: Int64
    /// `nil` is unlimited.
    package var limit: Int64?
    package var used: Int64
    package var overage: Int64
    /// Grows with every change.
    package var version: Int64

    package init(
        companyID: String,
        kind: String,
        plan: String,
        start: Int64,
        end: Int64,
        limit: Int64?,
        used: Int64,
        overage: Int64,
        version: Int64
    ) {
        self.companyID = companyID
        self.kind = kind
        self.plan = plan
        self.start = start
        self.end = end
        self.limit = limit
        self.used = used
        self.overage = overage
        self.version = version
    }
}
