import Models

/// The period of a quota, and what it allows.
struct QuotaPeriod: Sendable, Hashable {
    var plan: String
    /// `nil` is unlimited.
    var limit: Int64?
    /// Microseconds since 1970; the end is not part of the period.
    var start: Int64
    var end: Int64

    /// The plan of companies without a subscription. Its periods are calendar months in UTC.
    static let defaultPlan = "freemium"
    /// What `profile.viewed` counts.
    static let profileViews = "profile_views"

    static func month(containing time: Int64, limit: Int64?) -> QuotaPeriod {
        let month = CalendarMonth(containing: time)
        return QuotaPeriod(plan: defaultPlan, limit: limit, start: month.start, end: month.next.start)
    }

    /// From which use on a warning is due: 80 % of the limit, rounded up.
    static func warningThreshold(of limit: Int64) -> Int64 { limit - limit / 5 }
}

/// How much of a company's quota in one period a batch uses.
struct QuotaUse: Sendable, Hashable {
    let companyID: String
    let period: QuotaPeriod
    var amount: Int64
    /// The first of the items in the batch that use it.
    let firstItem: Int
}

/// Gathers the uses of a batch, so that a company's period is one row to write however many events there are.
struct QuotaTally {
    private struct Key: Hashable {
        let companyID: String
        let start: Int64
    }

    private let subscribed: [String: [QuotaPeriod]]
    private let defaultLimit: Int64?
    private var uses: [Key: QuotaUse] = [:]

    /// - Parameter subscribed: the paid periods of each company.
    init(subscribed: [String: [QuotaPeriod]], defaultLimit: Int64?) {
        self.subscribed = subscribed
        self.defaultLimit = defaultLimit
    }

    mutating func count(_ companyID: String, at time: Int64, item: Int) {
        let period =
            subscribed[companyID]?.first { $0.start <= time && time < $0.end }
            ?? .month(containing: time, limit: defaultLimit)
        let key = Key(companyID: companyID, start: period.start)
        uses[key, default: QuotaUse(companyID: companyID, period: period, amount: 0, firstItem: item)].amount += 1
    }

    /// In the one order in which every process locks the rows, so that no two wait for each other.
    var ordered: [QuotaUse] {
        uses.values.sorted { left, right in
            left.companyID == right.companyID
                ? left.period.start < right.period.start : left.companyID < right.companyID
        }
    }
}

/// A quota after a use, as Postgres has it.
struct QuotaState: Sendable, Hashable {
    var limit: Int64?
    var used: Int64
    var overage: Int64

    /// Which events a use has made due. Uses of one row come one after the other, so each line is crossed once.
    func events(afterUsing amount: Int64) -> [String] {
        guard let limit else { return [] }
        let total = used + overage
        func isCrossed(_ line: Int64) -> Bool { total - amount < line && line <= total }
        var events: [String] = []
        if limit > 0, isCrossed(QuotaPeriod.warningThreshold(of: limit)) { events.append(QuotaEvent.warning) }
        if isCrossed(limit + 1) { events.append(QuotaEvent.exceeded) }
        return events
    }

    /// How much of a use was within the limit; the rest of it is overage.
    func counted(of amount: Int64) -> Int64 { max(0, amount - overage) }
}
