import Models
import Workers

/// The real audit worker on real Postgres, counted from outside.
struct AuditBench {
    private let fleet: FleetBench
    private let batch: Int

    init(_ options: Options) throws {
        fleet = try FleetBench(options)
        batch = try options.number("batch", default: 500)
    }

    func run() async throws -> RunReport {
        try await fleet.run(worker: AuditWorker.name, batch: QueueDefinition.Batch(size: batch)) { fleet, tally in
            try fleet.register(CountedAudit(tally: tally))
        }
    }
}

private struct CountedAudit: BatchWorker {
    static let name = AuditWorker.name

    let tally: Tally
    private let audit = AuditWorker()

    init(tally: Tally) { self.tally = tally }

    func handle(_ items: [BatchItem<RawJSON>], in context: BatchContext) async throws -> [Outcome] {
        tally.begin()
        let outcomes = try await audit.handle(items, in: context)
        tally.finish(count: items.count, sum: items.reduce(0) { $0 + Sample.sequence(of: $1.messageID) })
        return outcomes
    }
}
