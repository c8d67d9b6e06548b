import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation

@testable import FlotillaJobs
@testable import Workers

/// One worker of jobs on real servers, with what brings jobs on.
struct JobFleet: Sendable {
    private struct Module: FleetModule {
        let name = "tests"
        let worker: WorkerRegistration

        func start(in context: ModuleContext) -> ModuleParts {
            ModuleParts(workers: [worker], services: [JobCoordinator(context)])
        }
    }

    static let type = "test.run"

    let database: TestDatabase
    let jobs: Jobs

    /// - Parameters:
    ///   - slots: how many jobs run at a time.
    ///   - limits: for jobs with keys.
    static func with<W: Worker>(
        _ worker: W,
        slots: Int,
        limits: JobLimits? = nil,
        _ body: (JobFleet) async throws -> Void
    ) async throws {
        try await TestBroker.with { broker in
            try await TestDatabase.with(migrated: true) { database in
                var queue = broker.queue("jobs")
                queue.worker = W.name
                queue.concurrency = slots
                queue.retry.attempts = 1
                queue.bindings = [QueueBinding(exchange: "\(broker.name).direct", key: type)]
                var topology = broker.topology([queue])
                if let limits { topology.limits = [type: limits] }
                try await broker.deploy(topology)
                let folder = FileManager.default.temporaryDirectory.appending(path: "jobs.\(UUID().uuidString)")
                defer { try? FileManager.default.removeItem(at: folder) }
                let fleet = try await Fleet(
                    FleetConfiguration(
                        topology: topology,
                        rabbitMQ: try TestServers.url("RABBITMQ_URL"),
                        postgres: database.url,
                        redis: try TestServers.url("REDIS_URL"),
                        stateFolder: folder.path,
                        drain: .seconds(1),
                        log: Log(service: "test", threshold: .error, descriptor: -1)
                    ),
                    modules: [Module(worker: WorkerRegistration(worker))]
                )
                let running = Task { try await fleet.run() }
                let result: Result<Void, any Error>
                do {
                    let jobs = Jobs(database.pool, routing: topology.jobRouting)
                    result = .success(try await body(JobFleet(database: database, jobs: jobs)))
                } catch { result = .failure(error) }
                fleet.shutdown()
                try await running.value
                try result.get()
            }
        }
    }
}
