package import FlotillaModels
package import Workers

/// Everything that keeps quotas, subscriptions and tokens in a process: its workers, and what runs beside them.
package struct QuotaWorkers: Sendable {
    /// Tells how companies stand, from Redis while that has it.
    package let reader: QuotaReader
    /// The clock of subscriptions, and the plans that are brought in.
    package let services: [any FleetService]

    private let cache: QuotaCache?

    /// - Parameters:
    ///   - plans: those of the plan file; `nil` leaves them as the tables have them.
    ///   - expiryNotices: how long ahead of its end a subscription is warned of.
    package init(
        _ connections: FleetConnections,
        topology: Topology,
        plans: [Plan]?,
        expiryNotices: [Duration]
    ) {
        cache = connections.redis.map { QuotaCache($0, metrics: connections.metrics) }
        reader = QuotaReader(connections.postgres, cache: cache)
        let scheduler = SubscriptionScheduler(
            connections.postgres,
            reader: reader,
            exchange: topology.events.name,
            leads: expiryNotices,
            log: connections.log
        )
        services = [scheduler] + (plans.map { [PlanService($0, connections)] } ?? [])
    }

    package var registrations: [WorkerRegistration] {
        [
            WorkerRegistration(QuotaWorker(cache: cache)), WorkerRegistration(SearchQuotaWorker(cache: cache)),
            WorkerRegistration(PaymentWorker(reader: reader)), WorkerRegistration(SubscriptionWorker(reader: reader)),
            WorkerRegistration(TokenWorker()),
        ]
    }
}
