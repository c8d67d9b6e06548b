import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport

@testable import FlotillaJobs

/// A database with jobs, and what brings them on, without workers: a test ends them as a worker would.
struct JobFixture: Sendable {
    static let type = "test.run"

    let database: TestDatabase
    let jobs: Jobs
    let batches: JobBatches
    let ends: EndedJobs
    let dispatcher: KeyDispatcher
    let topology: Topology

    /// - Parameters:
    ///   - slots: how many jobs run at a time.
    ///   - limits: for jobs with keys.
    static func with(
        slots: Int = 2,
        limits: JobLimits? = nil,
        _ body: (JobFixture) async throws -> Void
    ) async throws {
        try await TestDatabase.with(size: 8, migrated: true) { database in
            var topology = Topology()
            var queue = QueueDefinition(name: "tests.run", worker: "tests")
            queue.concurrency = slots
            queue.bindings = [QueueBinding(exchange: topology.commands.name, key: type)]
            topology.queues = [queue]
            if let limits { topology.limits = [type: limits] }
            let broker = DepthBroker(ready: 0)
            try await body(
                JobFixture(
                    database: database,
                    jobs: Jobs(database.pool),
                    batches: JobBatches(database.pool),
                    ends: EndedJobs(database.pool, exchange: topology.events.name),
                    dispatcher: KeyDispatcher(database.pool, broker, topology),
                    topology: topology
                )
            )
        }
    }

    static func new(_ payload: String = "{}", _ change: (inout NewJob) -> Void = { _ in }) -> NewJob {
        var job = NewJob(type: type, payload: Array(payload.utf8), createdBy: "key:1")
        change(&job)
        return job
    }

    /// Enqueues a job that has to be stored, and gives its id.
    func enqueue(_ payload: String = "{}", _ change: (inout NewJob) -> Void = { _ in }) async throws -> String {
        let outcome = try await jobs.enqueue(Self.new(payload, change))
        guard let job = outcome.job else { throw TestSetupError(description: "not stored: \(outcome)") }
        return job.id
    }

    func state(_ id: String) async throws -> JobState? { try await jobs.get(id)?.state }

    func states(_ ids: [String]) async throws -> [JobState?] {
        var states: [JobState?] = []
        for id in ids { states.append(try await state(id)) }
        return states
    }

    func start(_ ids: String...) async throws {
        for id in ids { _ = try await database.pool.query(Jobs.start([id: 1])) }
    }

    func succeed(_ ids: String...) async throws {
        for id in ids { _ = try await database.pool.query(Jobs.succeeded(id, attempts: 1, result: nil)) }
    }

    func die(_ id: String) async throws {
        let failure = Failure(type: "broken", message: "it is broken", isPermanent: true)
        _ = try await database.pool.query(Jobs.dead(id, attempts: 1, failure: failure))
    }

    /// Until nothing is left to follow from ends, by two at a time as by two processes.
    func settle() async throws {
        while try await database.count("SELECT count(*) FROM job_ends") > 0 {
            async let one = ends.process(upTo: 7)
            async let other = ends.process(upTo: 7)
            _ = try await (one, other)
        }
    }

    /// The jobs whose messages are in the outbox.
    func published() async throws -> Set<String> {
        let rows = try await database.pool.query(SQLStatement("SELECT job_id FROM outbox WHERE job_id IS NOT NULL"))
        return Set(rows.compactMap { $0.text(0) })
    }

    /// The names of the events in the outbox, in order.
    func events() async throws -> [String] {
        let rows = try await database.pool.query(
            SQLStatement("SELECT routing_key FROM outbox WHERE job_id IS NULL ORDER BY id")
        )
        return rows.compactMap { $0.text(0) }
    }
}
