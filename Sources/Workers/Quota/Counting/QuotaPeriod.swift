import FlotillaModels

/// The period of a quota, and what it allows.
struct QuotaPeriod: Sendable, Hashable {
    var plan: String
    /// `nil` is unlimited.
    var limit: Int64?
    /// Microseconds since 1970; the end is not part of the period.
    var start: Int64
    var end: Int64

    static func month(containing time: Int64, limit: Int64?) -> QuotaPeriod {
        let month = CalendarMonth(containing: time)
        return QuotaPeriod(plan: Plan.defaultCode, limit: limit, start: month.start, end: month.next.start)
    }

    /// From which use on a warning is due: 80 % of the limit, rounded up.
    static func warningThreshold(of limit: Int64) -> Int64 { limit - limit / 5 }
}
