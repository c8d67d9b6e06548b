package import Models
import Outbound
package import Storage
package import Telemetry

/// The webhooks of a process of workers: what makes deliveries, and what keeps the tables in order beside it.
package struct WebhookWorkers: Sendable {
    private let worker: WebhookDeliveryWorker
    private let engine: TransferEngine
    /// What runs beside the worker.
    package let services: [any FleetService]

    /// Connects when something is sent. Whoever makes it calls ``close()`` in the end.
    ///
    /// - Parameter retention: how long messages and attempts are kept.
    package init(
        _ pool: PostgresPool,
        topology: Topology,
        seal: WebhookSeal,
        access: WebhookAccess,
        core: CoreEndpoints?,
        retention: Duration,
        metrics: Metrics,
        log: Log
    ) {
        engine = WebhookSender.engine()
        worker = WebhookDeliveryWorker(
            WebhookDelivery(
                pool: pool,
                seal: seal,
                sender: WebhookSender(engine, access: access),
                gates: EndpointGates(metrics: metrics, log: log),
                metrics: metrics,
                eventExchange: topology.events.name,
                webhooks: WebhookPosts(topology: topology)
            )
        )
        var services: [any FleetService] = [
            Pruner(pool, "webhooks forgotten", step: 500, every: .seconds(300), log: log) {
                WebhookStatements.prune(olderThan: retention, limit: $0)
            }
        ]
        if let core {
            services.append(CoreEndpointsService(core: core, endpoints: WebhookEndpoints(pool, seal: seal), log: log))
        }
        self.services = services
    }

    package func register(with fleet: Fleet) throws(FleetError) { try fleet.register(worker) }

    /// Aborts what is being sent, and ends the thread.
    package func close() async { await engine.close() }
}
