import FoundationEssentials
public import Models
import Platform
import Storage

/// Counts the profile views of companies against their quotas, and tells when one runs short and when it is exceeded.
///
/// A batch writes one row per company and period. Past the limit a view is counted as overage; `quota.warning` and
/// `quota.exceeded` are published once per period each.
public struct QuotaWorker: BatchWorker {
    public static let name = "quota"
    public static let events = [ProfileViewed.event]

    public init() {}

    public func handle(_ items: [BatchItem<ProfileViewed>], in context: BatchContext) async throws -> [Outcome] {
        let kind = QuotaPeriod.profileViews
        let companies = Set(items.map { ExactText($0.payload.companyID) }).sorted().map(\.text)
        let questions = [
            QuotaStatements.periods(of: companies, kind: kind),
            QuotaStatements.limit(of: QuotaPeriod.defaultPlan, kind: kind),
        ]
        try await context.transaction(first: questions) { transaction in
            var tally = QuotaTally(
                subscribed: Self.periods(transaction.firstResults[0]),
                defaultLimit: transaction.firstResults[1].first?.int(0)
            )
            for (index, item) in items.enumerated() where transaction.isFresh[index] {
                tally.count(ExactText(item.payload.companyID), at: item.time(of: item.payload.occurredAt), item: index)
            }
            let uses = tally.ordered
            guard !uses.isEmpty else { return }
            let states = try await transaction.execute(QuotaStatements.use(uses, kind: kind)).map {
                QuotaState(limit: $0.int(0), used: $0.int(1) ?? 0, overage: $0.int(2) ?? 0)
            }
            var last = [QuotaStatements.history(uses, states, kind: kind)]
            let due = zip(uses, states).flatMap { use, state in
                state.events(afterUsing: use.amount).map { (use: use, state: state, name: $0) }
            }
            // One statement per kind of event, for an UPDATE takes only one change of a row.
            for name in Set(due.map(\.name)).sorted() {
                last.append(QuotaStatements.mark(due.filter { $0.name == name }.map { ($0.use, name) }, kind: kind))
            }
            for event in due {
                transaction.publish(try Self.event(event.name, event.use, event.state), causedBy: event.use.firstItem)
            }
            transaction.finish(with: last)
        }
        return Array(repeating: .done, count: items.count)
    }

    private static func periods(_ result: SQLResult) -> [ExactText: [QuotaPeriod]] {
        var periods: [ExactText: [QuotaPeriod]] = [:]
        for row in result {
            guard let company = row.text(0), let plan = row.text(1), let start = row.timestamp(3),
                let end = row.timestamp(4)
            else { continue }
            periods[ExactText(company), default: []].append(
                QuotaPeriod(plan: plan, limit: row.int(2), start: start, end: end)
            )
        }
        return periods
    }

    private static func event(_ name: String, _ use: QuotaUse, _ state: QuotaState) throws -> OutgoingEvent {
        let body = QuotaEvent(
            companyId: use.companyID.text,
            kind: QuotaPeriod.profileViews,
            plan: use.period.plan,
            limit: state.limit ?? 0,
            used: state.used,
            overage: state.overage,
            periodStart: WallClock.iso8601(use.period.start),
            periodEnd: WallClock.iso8601(use.period.end),
            timestamp: WallClock.iso8601()
        )
        // Whoever receives it can tell that two of them are the same, whatever becomes of our tables.
        let identity = "\(name) \(use.companyID.text) \(QuotaPeriod.profileViews) \(use.period.start)"
        let digest = SHA256.digest(identity).prefix(16).hexadecimal
        return OutgoingEvent(
            name: name,
            body: Array(try JSONEncoder().encode(body)),
            messageID: "\(name)-\(digest)"
        )
    }
}

extension BatchItem {
    /// When the event happened: as the payload says, else the envelope, else when it was received.
    ///
    /// A time more than a day ahead is a clock gone wrong, and would open a period that has not begun.
    func time(of payloadTime: Int64?) -> Int64 {
        let time = payloadTime ?? plausibleTime
        return time > receivedAt + 86_400_000_000 ? receivedAt : time
    }
}
