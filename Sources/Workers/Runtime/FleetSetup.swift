package import FlotillaMessaging
package import FlotillaModels
package import FlotillaStorage
package import FlotillaTelemetry

/// The parts that a fleet is put together from.
package struct FleetSetup: Sendable {
    package var topology: Topology
    package var broker: any Broker
    package var effects: any EffectStore
    package var breakers: Breakers
    package var tracker: any JobTracker
    package var sharedSuspects: (any SharedCrashSuspects)?
    /// Where other processes see which queues are held; `nil` tells none.
    package var heldQueues: HeldQueues?
    package var services: [any FleetService]
    package var middleware: [any Middleware]
    package var metrics: Metrics
    package var log: Log
    /// The folder of the running journals. Several processes may share it: each takes the first free one.
    package var stateFolder: String
    /// The workers to run; `nil` runs every registered one.
    package var only: Set<String>?
    /// How long a drain waits for what runs.
    package var drain: Duration
    /// How long the transaction of an effect may take at most.
    package var transactionTimeout: Duration = .seconds(10)
    /// How large the bodies of a batch may be together.
    package var batchBytes = BodyBudget.standard / 16
    /// Who may publish what; `nil` where everybody may.
    package var rights: PublisherRights?
    /// Ends what the modules hold.
    package var close: @Sendable () async -> Void = {}
    /// Brings the database to the schema of the fleet and its modules.
    package var migrate: @Sendable () async throws -> Void = {}
    /// What the database lacks of it.
    package var pendingSteps: @Sendable () async throws -> [SchemaStep] = { [] }

    package init(
        topology: Topology,
        broker: any Broker,
        effects: any EffectStore,
        breakers: Breakers,
        stateFolder: String,
        metrics: Metrics,
        log: Log,
        tracker: any JobTracker = NoTracker(),
        sharedSuspects: (any SharedCrashSuspects)? = nil,
        services: [any FleetService] = [],
        middleware: [any Middleware] = [],
        only: Set<String>? = nil,
        drain: Duration = .seconds(30)
    ) {
        self.topology = topology
        self.broker = broker
        self.effects = effects
        self.breakers = breakers
        self.stateFolder = stateFolder
        self.metrics = metrics
        self.log = log
        self.tracker = tracker
        self.sharedSuspects = sharedSuspects
        self.services = services
        self.middleware = middleware
        self.only = only
        self.drain = drain
    }
}
