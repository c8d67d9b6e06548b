/// What a ``FleetModule`` runs in one process.
public struct ModuleParts: Sendable {
    /// Their names are those that `queues.yaml` gives queues to.
    public var workers: [WorkerRegistration]
    /// What runs beside the workers.
    public var services: [any FleetService]
    /// For dependencies of the workers beyond Postgres and Redis: whether they can be reached. While one can't, no
    /// message that needs it is started.
    public var probes: [Dependency: @Sendable () async -> Bool]
    /// Ends what the parts hold. Called once, after the last handler and the last service.
    public var close: @Sendable () async -> Void

    public init(
        workers: [WorkerRegistration] = [],
        services: [any FleetService] = [],
        probes: [Dependency: @Sendable () async -> Bool] = [:],
        close: @escaping @Sendable () async -> Void = {}
    ) {
        self.workers = workers
        self.services = services
        self.probes = probes
        self.close = close
    }
}
