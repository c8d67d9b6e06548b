/// A quota after a use, as Postgres has it.
struct QuotaState: Sendable, Hashable {
    var limit: Int64?
    var used: Int64
    var overage: Int64
    var version: Int64 = 0

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
