import FlotillaPlatform
import FlotillaStorage
import Workers
import FoundationEssentials

/// Counts uses of one kind, a batch at a time.
struct QuotaCounter: Sendable {
    let kind: QuotaKind
    let cache: QuotaCache?

    /// - Parameter use: whose use an item is, `nil` for nobody's, and when it happened as far as the payload says.
    func count<Payload>(
        _ items: [BatchItem<Payload>],
        in context: BatchContext,
        _ use: (Payload) -> (companyID: String?, occurredAt: Int64?)
    ) async throws {
        let uses = items.map { use($0.payload) }
        let companies = Set(uses.compactMap { $0.companyID.map(ExactText.init) }).sorted().map(\.text)
        let queries = [
            QuotaStatements.periods(of: companies, kind: kind),
            QuotaStatements.limit(of: Plan.defaultCode, kind: kind),
        ]
        var shown: [QuotaSnapshot] = []
        var readAt = ContinuousClock.now
        try await context.transaction(first: queries) { transaction in
            shown = []
            var usage = QuotaUsageBatch(
                subscribed: Self.periods(transaction.firstResults[0]),
                defaultLimit: transaction.firstResults[1].first?.int(0)
            )
            for (index, item) in items.enumerated() where transaction.isFresh[index] {
                guard let companyID = uses[index].companyID else { continue }
                usage.count(ExactText(companyID), at: item.time(of: uses[index].occurredAt), item: index)
            }
            let counted = usage.ordered
            guard !counted.isEmpty else { return }
            let states = try await count(counted, in: transaction)
            readAt = .now
            shown = Self.present(counted, states, in: usage, at: WallClock.microseconds(), kind: kind)
        }
        cache?.show(shown, readAt: readAt)
    }

    private func count(_ uses: [QuotaUsage], in transaction: BatchTransaction) async throws -> [QuotaState] {
        let states = try await transaction.execute(QuotaStatements.use(uses, kind: kind)).map {
            QuotaState(limit: $0.int(0), used: $0.int(1) ?? 0, overage: $0.int(2) ?? 0, version: $0.int(3) ?? 0)
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
            transaction.publish(try outgoing(event.name, event.use, event.state), causedBy: event.use.firstItem)
        }
        transaction.finish(with: last)
        return states
    }

    /// The states of periods that run now. A use that comes late may count in an earlier one, which is not shown.
    private static func present(
        _ uses: [QuotaUsage],
        _ states: [QuotaState],
        in usage: QuotaUsageBatch,
        at now: Int64,
        kind: QuotaKind
    ) -> [QuotaSnapshot] {
        zip(uses, states).compactMap { use, state in
            guard usage.period(of: use.companyID, at: now).start == use.period.start else { return nil }
            return QuotaSnapshot(
                companyID: use.companyID.text,
                kind: kind.rawValue,
                plan: use.period.plan,
                start: use.period.start,
                end: use.period.end,
                limit: state.limit,
                used: state.used,
                overage: state.overage,
                version: state.version
            )
        }
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

    private func outgoing(_ name: String, _ use: QuotaUsage, _ state: QuotaState) throws -> OutgoingEvent {
        let body = QuotaEvent(
            companyId: use.companyID.text,
            kind: kind.rawValue,
            plan: use.period.plan,
            limit: state.limit ?? 0,
            used: state.used,
            overage: state.overage,
            periodStart: WallClock.iso8601(use.period.start),
            periodEnd: WallClock.iso8601(use.period.end),
            timestamp: WallClock.iso8601()
        )
        // Whoever receives it can tell that two of them are the same, whatever becomes of our tables.
        let identity = "\(name) \(use.companyID.text) \(kind.rawValue) \(use.period.start) \(use.period.plan)"
        let digest = SHA256.digest(identity).prefix(16).hexadecimal
        return OutgoingEvent(
            name: name,
            body: Array(try JSONEncoder().encode(body)),
            messageID: "\(name)-\(digest)"
        )
    }
}
