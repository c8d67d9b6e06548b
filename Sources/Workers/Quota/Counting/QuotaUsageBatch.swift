import FlotillaStorage

/// Gathers the uses of a batch, so that a company's period is one row to write however many events there are.
struct QuotaUsageBatch {
    private struct Key: Hashable {
        let companyID: ExactText
        let start: Int64
    }

    private let subscribed: [ExactText: [QuotaPeriod]]
    private let defaultLimit: Int64?
    private var uses: [Key: QuotaUsage] = [:]

    /// - Parameter subscribed: the paid periods of each company.
    init(subscribed: [ExactText: [QuotaPeriod]], defaultLimit: Int64?) {
        self.subscribed = subscribed
        self.defaultLimit = defaultLimit
    }

    /// The period of a company that holds the moment.
    func period(of companyID: ExactText, at time: Int64) -> QuotaPeriod {
        subscribed[companyID]?.first { $0.start <= time && time < $0.end }
            ?? .month(containing: time, limit: defaultLimit)
    }

    mutating func count(_ companyID: ExactText, at time: Int64, item: Int) {
        let period = period(of: companyID, at: time)
        let key = Key(companyID: companyID, start: period.start)
        uses[key, default: QuotaUsage(companyID: companyID, period: period, amount: 0, firstItem: item)].amount += 1
    }

    /// In the one order in which every process locks the rows, so that no two wait for each other.
    var ordered: [QuotaUsage] {
        uses.values.sorted { left, right in
            left.companyID == right.companyID
                ? left.period.start < right.period.start : left.companyID < right.companyID
        }
    }
}
