import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import Workers
import FoundationEssentials

/// Loads the ledgers of companies, lets payments or notices be entered, and commits the changes.
struct SubscriptionStore: Sendable {
    /// Shows the quotas of companies whose periods have changed; `nil` shows nothing.
    let reader: QuotaReader?

    /// - Parameters:
    ///   - companies: all that the entries are about.
    ///   - subscriptionIDs: all that they name, and so with `paymentIDs`.
    func open(
        _ companies: [String],
        subscriptionIDs: [String],
        paymentIDs: [String],
        in context: BatchContext,
        _ enter: (_ ledger: inout SubscriptionLedger, _ isFresh: [Bool]) throws -> Void
    ) async throws {
        let companies = Set(companies.map(ExactText.init)).sorted().map(\.text)
        let queries = [
            SubscriptionStatements.lock(companies),
            SubscriptionStatements.plans,
            SubscriptionStatements.known(companies, ids: subscriptionIDs),
            SubscriptionStatements.lastStarts(companies),
            SubscriptionStatements.known(payments: paymentIDs),
        ]
        var changed: [String] = []
        try await context.transaction(first: queries) { transaction in
            changed = []
            var ledger = SubscriptionLedger(answers: Array(transaction.firstResults.dropFirst()))
            try enter(&ledger, transaction.isFresh)
            let statements = SubscriptionStatements.write(ledger)
            guard !statements.isEmpty else { return }
            for pendingEvent in ledger.pendingEvents {
                transaction.publish(try pendingEvent.event(), causedBy: pendingEvent.item)
            }
            let allowances = try await Self.allowances(of: ledger.begun, in: transaction)
            transaction.finish(with: statements + allowances)
            changed = Set(ledger.changed.map { ExactText($0.companyID) }).sorted().map(\.text)
        }
        guard let reader, !changed.isEmpty else { return }
        // What can't be read now is read at the next request.
        _ = try? await reader.showChanged(changed)
    }

    /// Enters the tokens that come with the periods into the ledger.
    private static func allowances(
        of periods: [SubscriptionLedger.Period],
        in transaction: BatchTransaction
    ) async throws -> [SQLStatement] {
        let entries = periods.filter { $0.tokens > 0 }.map { period in
            TokenEntry(
                companyID: period.companyID,
                kind: .allocated,
                tokens: period.tokens,
                reference: "period \(period.start) of \(period.subscriptionID)".clippedReference,
                occurredAt: period.start
            )
        }
        guard !entries.isEmpty else { return [] }
        let answers = try await transaction.execute(TokenStatements.open(entries))
        var ledger = TokenLedger(answers: answers)
        for entry in entries { ledger.post(entry) }
        return TokenStatements.write(ledger)
    }
}

extension String {
    /// As long as a reference may be.
    fileprivate var clippedReference: String { utf8.count <= 300 ? self : SHA256.digest(self).hexadecimal }
}

extension SubscriptionLedger.PendingEvent {
    fileprivate func event() throws -> OutgoingEvent {
        let body = SubscriptionEvent(
            subscriptionId: subscription.id,
            companyId: subscription.companyID,
            plan: subscription.plan,
            status: subscription.status.rawValue,
            paymentId: paymentID,
            periodStart: WallClock.iso8601(subscription.start ?? 0),
            periodEnd: WallClock.iso8601(subscription.end ?? 0),
            timestamp: WallClock.iso8601()
        )
        return OutgoingEvent(name: name, body: Array(try JSONEncoder().encode(body)))
    }
}

extension SubscriptionLedger {
    /// - Parameter answers: to the questions about plans, subscriptions, last starts and payments, in this order.
    fileprivate init(answers: [SQLResult]) {
        var plans: [String: Plan] = [:]
        for row in answers[0] {
            if let code = row.text(0), let months = row.int(1) {
                plans[code] = Plan(months: Int(months), tokens: row.int(2) ?? 0)
            }
        }
        var lastStarts: [ExactText: Int64] = [:]
        for row in answers[2] { if let company = row.text(0) { lastStarts[ExactText(company)] = row.timestamp(1) } }
        self.init(
            plans: plans,
            subscriptions: answers[1].compactMap(Subscription.init),
            lastStarts: lastStarts,
            paymentIDs: Set(answers[3].compactMap { $0.text(0).map(ExactText.init) })
        )
    }
}

extension SubscriptionLedger.Subscription {
    fileprivate init?(_ row: SQLRow) {
        guard let id = row.text(0), let company = row.text(1), let plan = row.text(2),
            let status = row.text(3).flatMap(SubscriptionStatus.init(rawValue:)), let toldAt = row.timestamp(7)
        else { return nil }
        self.init(
            id: id,
            companyID: company,
            plan: plan,
            status: status,
            start: row.timestamp(4),
            end: row.timestamp(5),
            anchorDay: row.int(10).flatMap { AnchorDay(Int($0)) },
            cancelsAtEnd: row.bool(6) ?? false,
            toldAt: toldAt,
            endedAt: row.timestamp(8),
            isUnpaid: row.bool(9) ?? false
        )
    }
}
