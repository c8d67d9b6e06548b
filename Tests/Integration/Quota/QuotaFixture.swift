import FlotillaModels
@testable import FlotillaQuota
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation

/// The quota workers over one database, each by its queue.
struct QuotaFixture: Sendable {
    let database: TestDatabase
    let pool: PostgresPool

    init(_ database: TestDatabase, _ pool: PostgresPool? = nil) {
        self.database = database
        self.pool = pool ?? database.pool
    }

    func views(cache: QuotaCache? = nil) -> HandlerHarness {
        HandlerHarness(QuotaWorker(cache: cache), queue: "subscription.profile.viewed", pool)
    }

    func searches(cache: QuotaCache? = nil) -> HandlerHarness {
        HandlerHarness(SearchQuotaWorker(cache: cache), queue: "subscription.search.performed", pool)
    }

    func payments(reader: QuotaReader? = nil) -> HandlerHarness {
        HandlerHarness(PaymentWorker(reader: reader), queue: "subscription.payment.succeeded", pool)
    }

    func notices(_ kind: SubscriptionNotice.Kind, reader: QuotaReader? = nil) -> HandlerHarness {
        HandlerHarness(SubscriptionWorker(reader: reader), queue: "subscription.\(kind.rawValue)", pool)
    }

    func tokens(_ kind: TokenEvent.Kind) -> HandlerHarness {
        HandlerHarness(TokenWorker(), queue: "subscription.\(kind.event)", pool)
    }

    func scheduler(_ now: String, leads: [Duration] = [.seconds(7 * 86_400), .seconds(86_400)]) -> SubscriptionScheduler
    {
        let moment = EventTime.parse(now) ?? 0
        return SubscriptionScheduler(
            pool,
            exchange: "fleet.topic",
            leads: leads,
            log: Log(service: "test", threshold: .error),
            now: { moment }
        )
    }

    /// How every subscription stands.
    func subscriptions() async throws -> [String] {
        try await database.pool.query(
            SQLStatement(
                """
                SELECT id || ' ' || plan || ' ' || status || CASE WHEN cancels_at_end THEN ' at end' ELSE '' END
                    || coalesce(' ' || to_char(period_end AT TIME ZONE 'UTC', 'YYYY-MM-DD'), '')
                FROM subscriptions ORDER BY id
                """
            )
        ).compactMap { $0.text(0) }
    }

    func quotas() async throws -> [String] {
        try await database.pool.query(
            SQLStatement(
                """
                SELECT company_id || ' ' || plan || ' ' || kind || ' ' || used || '+' || overage FROM quotas
                WHERE used + overage > 0 ORDER BY 1
                """
            )
        ).compactMap { $0.text(0) }
    }

    /// The names of the events that await publishing.
    func published() async throws -> [String] {
        try await database.pool.query(SQLStatement("SELECT routing_key FROM outbox ORDER BY 1")).compactMap {
            $0.text(0)
        }
    }

    /// The rows whose counters differ from the sums of their history.
    func unbalanced() async throws -> Int {
        try await database.count(
            """
            SELECT count(*) FROM quotas JOIN (
                SELECT company_id, kind, period_start, sum(used) AS used, sum(overage) AS overage
                FROM quota_usage GROUP BY 1, 2, 3
            ) AS history USING (company_id, kind, period_start)
            WHERE (quotas.used, quotas.overage) <> (history.used, history.overage)
            """
        )
    }
}

extension HandlerHarness.Input {
    init(_ id: String, _ event: String, _ body: String) { self.init(id: id, event: event, body: body) }
}
