/// What a company may use in a period, and what it gets with it.
package struct Plan: Sendable, Hashable {
    /// Lower-case letters, digits, `-` and `_`.
    package var code: String
    package var name: String
    /// How long a paid period is.
    package var months: Int
    /// A kind that is not in it is unlimited.
    package var limits: [QuotaKind: Int64]
    /// Given with each paid period.
    package var tokens: Int64

    package init(code: String, name: String, months: Int = 1, limits: [QuotaKind: Int64] = [:], tokens: Int64 = 0) {
        self.code = code
        self.name = name
        self.months = months
        self.limits = limits
        self.tokens = tokens
    }

    /// The plan of companies without a subscription. Its periods are calendar months in UTC.
    package static let defaultCode = "freemium"
}
