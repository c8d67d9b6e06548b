import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage
package import FlotillaTelemetry
import Workers
import FoundationEssentials

/// Ends subscriptions whose period is over, and tells some days ahead of those whose end is near.
///
/// Several processes may run one: the one that holds the lock makes a pass, and everything is reported once.
package struct SubscriptionScheduler: FleetService {
    /// What one pass has done.
    package struct Pass: Sendable, Hashable {
        package var ended = 0
        package var warned = 0
        /// Whether there may be more of the same.
        var isFull = false
    }

    /// How many rows one transaction changes.
    private static let step = 500

    private let pool: PostgresPool
    private let reader: QuotaReader?
    private let exchange: String
    private let leads: [Duration]
    private let interval: Duration
    private let log: Log
    private let now: @Sendable () async throws -> Int64

    /// - Parameters:
    ///   - reader: shows the quotas of the companies whose subscriptions have ended; `nil` shows nothing.
    ///   - exchange: the topic exchange.
    ///   - leads: how long ahead of its end a subscription is warned of; each once, and only the nearest when several
    ///     are due.
    ///   - now: microseconds since 1970; the database's clock by default, for a worker's must end no subscription.
    package init(
        _ pool: PostgresPool,
        reader: QuotaReader? = nil,
        exchange: String,
        leads: [Duration] = [.seconds(7 * 86_400), .seconds(86_400)],
        interval: Duration = .seconds(15),
        log: Log,
        now: (@Sendable () async throws -> Int64)? = nil
    ) {
        self.pool = pool
        self.reader = reader
        self.exchange = exchange
        self.leads = leads
        self.interval = interval
        self.log = log
        self.now = now ?? { try await pool.time() }
    }

    package func run() async {
        while !Task.isCancelled {
            do {
                let pass = try await pass()
                if pass.ended + pass.warned > 0 {
                    log.info(
                        "subscriptions ended, and warned of their end",
                        ["ended": .integer(pass.ended), "warned": .integer(pass.warned)]
                    )
                }
                if pass.isFull { continue }
            } catch {
                if !Task.isCancelled {
                    log.warning("subscriptions can't be looked through", ["problem": .string("\(error)")])
                }
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// Does what is due now; nothing while another process is about it.
    package func pass() async throws -> Pass {
        let moment = try await now()
        var pass = Pass()
        let ended = try await end(at: moment)
        pass.ended = ended.count
        if let reader, !ended.isEmpty { _ = try? await reader.showChanged(ended) }
        pass.warned = try await warn(at: moment)
        pass.isFull = max(pass.ended, pass.warned) >= Self.step
        return pass
    }

    /// - Returns: the companies.
    private func end(at moment: Int64) async throws -> [String] {
        try await pool.transaction { transaction in
            let first = try await transaction.pipeline([
                SubscriptionSchedulerStatements.lock,
                SubscriptionSchedulerStatements.due(at: moment, limit: Self.step),
            ])
            let companies = first[1].compactMap { $0.text(1) }
            guard first[0].first?.bool(0) == true, !companies.isEmpty else { return [] }
            // Payments and notices may change them too: no ledger of theirs is open while they end.
            let rows = try await transaction.pipeline([
                SubscriptionStatements.lock(companies),
                SubscriptionSchedulerStatements.end(first[1].compactMap { $0.text(0) }, at: moment),
            ])[1]
            let events = try rows.compactMap { try event(SubscriptionEvent.expired, $0, at: moment) }
            try await transaction.commit(after: events.isEmpty ? [] : [Outbox.insert(events)])
            return rows.compactMap { $0.text(1) }
        }
    }

    private func warn(at moment: Int64) async throws -> Int {
        guard !leads.isEmpty else { return 0 }
        return try await pool.transaction { transaction in
            let lock = try await transaction.query(SubscriptionSchedulerStatements.lock)
            guard lock.first?.bool(0) == true else { return 0 }
            let rows = try await transaction.query(
                SubscriptionSchedulerStatements.warn(leads, at: moment, limit: Self.step)
            )
            let events = try rows.compactMap { try event(SubscriptionEvent.expiring, $0, at: moment) }
            try await transaction.commit(after: events.isEmpty ? [] : [Outbox.insert(events)])
            return rows.count
        }
    }

    private func event(_ name: String, _ row: SQLRow, at moment: Int64) throws -> OutgoingMessage? {
        guard let id = row.text(0), let company = row.text(1), let plan = row.text(2), let status = row.text(3),
            let start = row.timestamp(4), let end = row.timestamp(5)
        else { return nil }
        let lead = name == SubscriptionEvent.expiring ? row.int(6) : nil
        let body = SubscriptionEvent(
            subscriptionId: id,
            companyId: company,
            plan: plan,
            status: status,
            periodStart: WallClock.iso8601(start),
            periodEnd: WallClock.iso8601(end),
            daysLeft: lead.map { _ in Int((end - moment + 86_399_999_999) / 86_400_000_000) },
            timestamp: WallClock.iso8601(moment)
        )
        let identity = SHA256.digest("\(name) \(id) \(end) \(lead ?? 0)").prefix(16).hexadecimal
        let event = OutgoingEvent(
            name: name,
            body: Array(try JSONEncoder().encode(body)),
            messageID: "\(name)-\(identity)"
        )
        return event.message(causedBy: nil, nil, exchange)
    }
}
