import FlotillaAudit
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
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
        let pool = PostgresPool(try PostgresConfiguration(url: fleet.postgres), size: 2, name: "bench keys")
        let masters = MasterKeys.generate()
        let privacy = AuditPrivacy(pool, masters: try MasterKeyring { try MasterKeys(masters) })
        let report = try await fleet.run(worker: AuditWorker.name, batch: QueueDefinition.Batch(size: batch)) {
            fleet,
            tally in
            try fleet.register(CountedAudit(tally: tally, audit: AuditWorker(privacy: privacy)))
        }
        await pool.close()
        return report
    }
}

private struct CountedAudit: BatchWorker {
    static let name = AuditWorker.name

    let tally: Tally
    let audit: AuditWorker

    func handle(_ items: [BatchItem<RawJSON>], in context: BatchContext) async throws -> [Outcome] {
        tally.begin()
        let outcomes = try await audit.handle(items, in: context)
        tally.finish(count: items.count, sum: items.reduce(0) { $0 + Sample.sequence(of: $1.messageID) })
        return outcomes
    }
}
