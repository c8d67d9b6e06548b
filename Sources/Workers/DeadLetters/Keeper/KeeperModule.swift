import FlotillaStorage
public import Workers

/// Stores the dead letters of a process's topology in Postgres, and tells the modules' observers of them.
///
/// The fleet's own workers have it in ``DeadLettersModule``. Another team adds it to a process whose queues are in a queue
/// file of its own; `flotilla dlq` with that file shows what it has stored, and sends it back.
public struct KeeperModule: FleetModule {
    public let name = "dead-letters"

    public init() {}

    public func start(in context: ModuleContext) -> ModuleParts {
        let keeper = Keeper(
            topology: context.topology,
            broker: context.broker,
            store: DeadLetterStore(context.postgres),
            observers: context.deadLetterObservers,
            tracker: context.redis.map { JobStates($0, metrics: context.metrics) } ?? NoTracker(),
            metrics: context.metrics,
            log: context.log
        )
        return ModuleParts(services: [keeper])
    }
}
