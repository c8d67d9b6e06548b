import FlotillaModels
import FlotillaTelemetry
import Workers
import FoundationEssentials

/// Runs one worker on the fleet's real runtime, on one queue, until it has handled every message.
struct FleetBench {
    let rabbitMQ: String
    let postgres: String
    let queue: String
    let count: Int
    let prefetch: Int
    let concurrency: Int

    init(_ options: Options) throws {
        rabbitMQ = try options.text("url")
        postgres = try options.text("database")
        queue = try options.text("queue")
        count = try options.number("count", default: 100_000)
        prefetch = try options.number("prefetch", default: 1_000)
        concurrency = try options.number("concurrency", default: 16)
    }

    /// - Parameter register: registers the worker, which has to count in the tally.
    func run(
        worker: String,
        batch: QueueDefinition.Batch?,
        register: (Fleet, Tally) throws -> Void
    ) async throws -> RunReport {
        // For the journal of running messages; gone after the run.
        let folder = FileManager.default.temporaryDirectory.appending(path: "flotilla-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let definition = QueueDefinition(
            name: queue,
            worker: worker,
            prefetch: prefetch,
            concurrency: concurrency,
            batch: batch
        )
        let configuration = FleetConfiguration(
            topology: Topology(queues: [definition]),
            rabbitMQ: rabbitMQ,
            postgres: postgres,
            stateFolder: folder.path(),
            // Nobody has deployed a topology here: its declaration is no part of what is measured.
            repairsTopology: false,
            log: Log(service: "bench", threshold: .warning)
        )
        let fleet = try Fleet(configuration)
        let tally = Tally(expecting: count) { fleet.shutdown() }
        try register(fleet, tally)
        try await fleet.run()
        return try tally.report()
    }
}
