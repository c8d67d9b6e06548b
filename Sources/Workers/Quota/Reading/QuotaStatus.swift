/// The status of one of a company's quotas, in the period that runs now.
package struct QuotaStatus: Sendable, Hashable {
    /// Where it was read.
    package enum Source: String, Sendable {
        case redis, postgres
    }

    package var companyID: String
    package var kind: QuotaKind
    package var plan: String
    /// Microseconds since 1970; the end is not part of the period.
    package var periodStart: Int64
    package var periodEnd: Int64
    /// `nil` is unlimited.
    package var limit: Int64?
    package var used: Int64
    package var overage: Int64
    package var source: Source

    /// What may still be used; `nil` is unlimited.
    package var remaining: Int64? { limit.map { max(0, $0 - used) } }

    /// The next use would be overage.
    package var isExhausted: Bool { remaining == 0 }
    /// The plan has nothing of this kind; use beyond a limit that there is counts as overage and is allowed.
    package var isForbidden: Bool { limit == 0 }

    /// `nil` for a kind that is not known here.
    init?(_ snapshot: QuotaSnapshot, from source: Source) {
        guard let kind = QuotaKind(rawValue: snapshot.kind) else { return nil }
        self.kind = kind
        self.source = source
        companyID = snapshot.companyID
        plan = snapshot.plan
        periodStart = snapshot.start
        periodEnd = snapshot.end
        limit = snapshot.limit
        used = snapshot.used
        overage = snapshot.overage
    }
}
