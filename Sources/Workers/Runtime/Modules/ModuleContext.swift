package import FlotillaMessaging
public import FlotillaModels
public import FlotillaStorage
public import FlotillaTelemetry

/// What a ``FleetModule`` starts with in one process.
public struct ModuleContext: Sendable {
    public let topology: Topology
    public let metrics: Metrics
    public let log: Log
    /// The workers that this process runs; `nil` for all.
    private let only: Set<String>?
    package let connections: FleetConnections
    /// Told when messages have failed for good.
    package let deadLetterObservers: [any DeadLetterObserver]

    package init(
        topology: Topology,
        connections: FleetConnections,
        only: Set<String>? = nil,
        deadLetterObservers: [any DeadLetterObserver] = []
    ) {
        self.topology = topology
        self.connections = connections
        self.only = only
        self.deadLetterObservers = deadLetterObservers
        metrics = connections.metrics
        log = connections.log
    }

    /// Whether this process runs the worker.
    public func runs(_ worker: String) -> Bool { only?.contains(worker) ?? true }

    /// Runs statements in one transaction of their own, for services beside the workers. A handler's effects belong in its
    /// own transaction.
    @discardableResult
    public func execute(_ statements: [SQLStatement]) async throws -> [SQLResult] {
        try await connections.postgres.pipeline(statements)
    }

    /// Whether what is missing on the broker is declared again, and replayed.
    package var repairsTopology: Bool { connections.repair != nil }
    package var postgres: PostgresPool { connections.postgres }
    package var redis: RedisClient? { connections.redis }
    package var broker: any Broker { connections.broker }
    package var inboxRetention: Duration { connections.inboxRetention }
    package var inspection: (any BrokerInspection)? { connections.inspection }
}
