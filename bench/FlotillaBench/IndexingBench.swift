import FlotillaIndexing
import FlotillaModels
import Workers

/// The real indexing worker on real Postgres, counted from outside.
struct IndexingBench {
    private let fleet: FleetBench
    private let batch: Int

    init(_ options: Options) throws {
        fleet = try FleetBench(options)
        batch = try options.number("batch", default: 500)
    }

    func run() async throws -> RunReport {
        let worker = CountedIndexing.name
        return try await fleet.run(worker: worker, batch: QueueDefinition.Batch(size: batch)) { fleet, tally in
            try fleet.register(CountedIndexing(tally: tally))
        }
    }
}

private struct CountedIndexing: BatchWorker {
    static let name = IndexingWorker<ProfileValidated>.name

    let tally: Tally
    private let indexing = IndexingWorker<ProfileValidated>(PostgresIndexStore())

    init(tally: Tally) { self.tally = tally }

    func handle(_ items: [BatchItem<ProfileValidated>], in context: BatchContext) async throws -> [Outcome] {
        tally.begin()
        let outcomes = try await indexing.handle(items, in: context)
        tally.finish(count: items.count, sum: items.reduce(0) { $0 + Sample.sequence(of: $1.messageID) })
        return outcomes
    }
}
