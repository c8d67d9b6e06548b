package import FlotillaMessaging
package import FlotillaModels
package import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// The workers of notifications, with what they share: templates, the ways out, and the records.
package struct NotificationWorkers: Sendable {
    private let pool: PostgresPool
    private let topology: Topology
    private let dispatch: NotificationDispatch
    private let delivery: NotificationDelivery
    private let chains: NotificationChains
    private let identity: NotificationIdentity
    private let smsSender: String?
    private let directory: RecipientDirectory?

    /// - Parameter directory: where users are looked up whom no event has told of.
    package init(
        _ pool: PostgresPool,
        topology: Topology,
        texts: NotificationTexts,
        chains: NotificationChains,
        smsSender: String?,
        directory: RecipientDirectory? = nil
    ) {
        self.pool = pool
        self.topology = topology
        dispatch = NotificationDispatch(texts, topology: topology)
        delivery = NotificationDelivery(pool, texts, eventExchange: topology.events.name)
        self.chains = chains
        identity = texts.identity
        self.smsSender = smsSender
        self.directory = directory
    }

    /// For the fleet's breakers: work waits while no provider of a channel is in service.
    package var probes: [Dependency: @Sendable () async -> Bool] {
        let chains = chains
        return [.email: { await chains.email.isReachable() }, .sms: { await chains.sms.isReachable() }]
    }

    /// What runs beside the workers.
    package func services(broker: any Broker, log: Log) -> [any FleetService] {
        [LostDeliveries(pool, topology: topology, broker: broker, log: log)]
    }

    package var registrations: [WorkerRegistration] {
        [
            WorkerRegistration(NotificationCommandWorker(dispatch, directory: directory)),
            WorkerRegistration(NotificationEventWorker(dispatch, directory: directory)),
            WorkerRegistration(
                EmailDeliveryWorker(delivery, providers: chains.email, sender: chains.mailFrom, identity: identity)
            ),
            WorkerRegistration(SMSDeliveryWorker(delivery, providers: chains.sms, sender: smsSender)),
        ]
    }
}
