public import FlotillaStorage
public import Workers

/// Stores the dead letters of a process's topology in Postgres, and tells the modules' observers of them.
///
/// The fleet's own workers have it in ``DeadLettersModule``. Another team adds it to a process whose queues are in a queue
/// file of its own; `flotilla dlq` with that file shows what it has stored, and sends it back.
public struct KeeperModule: FleetModule {
    public let name = "dead-letters"
    public let migrations = Self.steps

    static let steps = [Migration(number: 1, name: "unsettled_dead_letters", sql: UnsettledMigration.sql)]

    public init() {}

    public func start(in context: ModuleContext) -> ModuleParts {
        let tracker: any JobTracker =
            context.redis.map { JobStateQueue(JobStates($0, metrics: context.metrics)) } ?? NoTracker()
        let keeper = Keeper(
            topology: context.topology,
            broker: context.broker,
            store: DeadLetterStore(context.postgres),
            observers: context.deadLetterObservers,
            tracker: tracker,
            metrics: context.metrics,
            log: context.log
        )
        // The last dead jobs are to be seen as dead.
        let close = { @Sendable in await tracker.finish() }
        guard let inspection = context.inspection else { return ModuleParts(services: [keeper], close: close) }
        let gauges = UndeliveredGauges(context.topology, inspection, metrics: context.metrics)
        return ModuleParts(services: [keeper, gauges], close: close)
    }
}
