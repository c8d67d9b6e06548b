package import FlotillaModels
package import Workers

/// Everything that keeps quotas, subscriptions and tokens in a process: its workers, and what runs beside them.
package struct QuotaWorkers: Sendable {
    /// Tells how companies stand, from Redis while that has it.
    package let reader: QuotaReader
    /// The clock of subscriptions, and the plans that are brought in.
    package let services: [any FleetService]

    private let board: QuotaBoard?

    /// - Parameters:
    ///   - plans: those of the plan file; `nil` leaves them as the tables have them.
    ///   - expiryNotices: how long ahead of its end a subscription is warned of.
    package init(
        _ connections: FleetConnections,
        topology: Topology,
        plans: [Plan]?,
        expiryNotices: [Duration]
    ) {
        board = connections.redis.map { QuotaBoard($0, metrics: connections.metrics) }
        reader = QuotaReader(connections.postgres, board: board)
        let clock = SubscriptionClock(
            connections.postgres,
            reader: reader,
            exchange: topology.events.name,
            leads: expiryNotices,
            log: connections.log
        )
        services = [clock] + (plans.map { [PlanService($0, connections)] } ?? [])
    }

    package var registrations: [WorkerRegistration] {
        [
            WorkerRegistration(QuotaWorker(board: board)), WorkerRegistration(SearchQuotaWorker(board: board)),
            WorkerRegistration(PaymentWorker(reader: reader)), WorkerRegistration(SubscriptionWorker(reader: reader)),
            WorkerRegistration(TokenWorker()),
        ]
    }
}
