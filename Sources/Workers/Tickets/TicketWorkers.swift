package import Models
package import Storage

/// The workers of tickets, with what they share: keys, press and files.
package struct TicketWorkers: Sendable {
    private let worker: TicketWorker
    private let press: TicketPress
    private let store: any TicketFileStore

    package init(
        _ pool: PostgresPool,
        topology: Topology,
        masters: MasterKeyring,
        store: any TicketFileStore,
        _ configuration: TicketConfiguration
    ) {
        press = TicketPress(threads: configuration.threads * store.patience)
        self.store = store
        worker = TicketWorker(
            pool,
            keys: TicketKeys(pool, masters: masters),
            press: press,
            store: store,
            webhooks: WebhookPosts(topology: topology),
            configuration
        )
    }

    /// For the fleet's breakers: work waits while files can't be stored.
    package var probes: [Dependency: @Sendable () async -> Bool] {
        let store = store
        return [.ticketFiles: { await store.isReachable() }]
    }

    package func register(with fleet: Fleet) throws(FleetError) { try fleet.register(worker) }

    package func close() { press.close() }
}
