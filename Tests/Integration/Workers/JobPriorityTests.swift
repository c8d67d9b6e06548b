import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing
import Workers

/// Jobs of all priorities on quorum queues of a real broker, with their records in a real database.
@Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct JobPriorityTests {
    struct Broken: Error {}

    /// Notes what has run, in order; fails for what is told to, until that is mended.
    struct NotingWorker: Worker {
        static let name = "w"
        static let events = ["run"]
        struct Payload: Decodable, Sendable { var fails: Bool? }

        func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
            _ = try await context.transaction { transaction in
                if payload.fails == true {
                    let mended = try await transaction.execute(SQLStatement("SELECT FROM mended"))
                    if mended.isEmpty { throw Broken() }
                }
                try await transaction.execute(
                    SQLStatement(
                        "INSERT INTO runs (job, queue, event, routing_key) VALUES ($1, $2, $3, $4)",
                        [
                            .text(context.jobID ?? ""), .text(context.queue), .text(context.event),
                            .text(context.routingKey),
                        ]
                    )
                )
            }
            return .done
        }
    }

    private struct NotingModule: FleetModule {
        let name = "notes"

        func start(in context: ModuleContext) -> ModuleParts {
            ModuleParts(workers: [WorkerRegistration(NotingWorker())])
        }
    }

    private struct Fixture: Sendable {
        let broker: TestBroker
        let database: TestDatabase
        let topology: Topology
        let type: String
        let configuration: FleetConfiguration

        var jobs: Jobs { Jobs(database.pool, routing: topology.jobRouting) }

        func queue(_ level: JobPriority) -> QueueDefinition {
            topology.queues.first { $0.level == level } ?? topology.queues[0]
        }

        func ready(_ queue: String) async throws -> Int {
            try await broker.admin.queueDepth(queue)?.ready ?? -1
        }

        func enqueue(_ count: Int, _ level: JobPriority, _ payload: String = "{}") async throws -> [String] {
            let new = NewJob(type: type, payload: Array(payload.utf8), priority: level)
            return try await jobs.enqueue(Array(repeating: new, count: count)).compactMap { outcome in
                if case .created(let job) = outcome { job.id } else { nil }
            }
        }

        /// A process with these modules; without the worker it relays only.
        func withFleet(_ modules: [any FleetModule], _ body: () async throws -> Void) async throws {
            let fleet = try await Fleet(configuration, modules: modules)
            let running = Task { try await fleet.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            fleet.shutdown()
            try await running.value
            try result.get()
        }
    }

    private func withFixture(_ body: (Fixture) async throws -> Void) async throws {
        try await TestBroker.with { broker in
            try await TestDatabase.with(migrated: true) { database in
                try await database.execute(
                    """
                    CREATE TABLE runs (
                        place bigint GENERATED ALWAYS AS IDENTITY, job text, queue text, event text, routing_key text)
                    """
                )
                try await database.execute("CREATE TABLE mended (job text)")
                let type = "\(broker.name)s.run"
                var queue = broker.queue("run")
                queue.bindings = [QueueBinding(exchange: "\(broker.name).direct", key: type)]
                queue.concurrency = 4
                queue.retry = RetryPolicy(attempts: 2, base: .milliseconds(50))
                let topology = broker.topology(queue.levels(on: "\(broker.name).direct"))
                try await broker.deploy(topology)
                let folder = FileManager.default.temporaryDirectory.appending(path: "levels.\(UUID().uuidString)")
                defer { try? FileManager.default.removeItem(at: folder) }
                let configuration = FleetConfiguration(
                    topology: topology,
                    rabbitMQ: try TestServers.url("RABBITMQ_URL"),
                    postgres: database.url,
                    stateFolder: folder.path,
                    drain: .seconds(10),
                    log: Log(service: "test", threshold: .error, descriptor: -1)
                )
                try await body(
                    Fixture(
                        broker: broker,
                        database: database,
                        topology: topology,
                        type: type,
                        configuration: configuration
                    )
                )
            }
        }
    }

    @Test func `high jobs end first, low ones go on meanwhile, and every job runs once`() async throws {
        try await withFixture { fixture in
            for level in JobPriority.allCases { #expect(try await fixture.enqueue(300, level).count == 300) }
            try await fixture.withFleet([]) {
                for level in JobPriority.allCases {
                    try await eventually("the \(level) ones are in their queue", within: .seconds(60)) {
                        try await fixture.ready(fixture.queue(level).name) == 300
                    }
                }
            }
            try await fixture.withFleet([NotingModule()]) {
                try await eventually("all have run", within: .seconds(120)) {
                    try await fixture.database.count("SELECT count(*) FROM runs") == 900
                }
                try await eventually("all are on record", within: .seconds(30)) {
                    try await fixture.database.count("SELECT count(*) FROM jobs WHERE state = 'succeeded'") == 900
                }
            }
            #expect(try await fixture.database.count("SELECT count(DISTINCT job) FROM runs") == 900)
            let wrong = "event <> '\(fixture.type)' OR routing_key <> queue"
            #expect(try await fixture.database.count("SELECT count(*) FROM runs WHERE \(wrong)") == 0)
            func before(_ level: JobPriority, _ end: JobPriority) async throws -> Int {
                let (queue, last) = (fixture.queue(level).name, fixture.queue(end).name)
                return try await fixture.database.count(
                    """
                    SELECT count(*) FROM runs WHERE queue = '\(queue)'
                        AND place < (SELECT max(place) FROM runs WHERE queue = '\(last)')
                    """
                )
            }
            let (low, normal) = (try await before(.low, .high), try await before(.normal, .high))
            // 19 and 75 if no queue was ever empty here.
            #expect((5...100).contains(low), "\(low)")
            #expect((40...200).contains(normal) && normal > low, "\(normal)")
            let later = try await before(.low, .normal)
            #expect(later < 250, "\(later)")
        }
    }

    @Test func `a dead job of a level is in the level's own dead-letter queue, and is sent back to its queue`()
        async throws
    {
        try await withFixture { fixture in
            let high = fixture.queue(.high)
            let id = try #require(try await fixture.enqueue(1, .high, #"{"fails":true}"#).first)
            try await fixture.withFleet([NotingModule()]) {
                try await eventually("it is dead", within: .seconds(60)) {
                    try await fixture.ready(high.deadLetterQueue) == 1
                }
            }
            #expect(try await fixture.ready(fixture.queue(.normal).deadLetterQueue) == 0)
            #expect(try await fixture.ready(fixture.queue(.low).deadLetterQueue) == 0)
            let store = DeadLetterStore(fixture.database.pool)
            try await fixture.withFleet([KeeperModule()]) {
                try await eventually("it is filed", within: .seconds(60)) {
                    try await store.count(DeadLetterFilter(queue: high.name)).count == 1
                }
                #expect(try await store.list().map(\.deadLetter.event) == [fixture.type])
                _ = try await store.requeue(
                    DeadLetterFilter(queue: high.name),
                    as: OperatorAction("requeue", by: "test")
                )
                try await eventually("it is back in its queue", within: .seconds(60)) {
                    try await fixture.ready(high.name) == 1
                }
            }
            try await fixture.database.execute("INSERT INTO mended VALUES ('\(id)')")
            try await fixture.withFleet([NotingModule()]) {
                try await eventually("it has succeeded", within: .seconds(60)) {
                    try await fixture.jobs.get(id)?.state == .succeeded
                }
            }
            let own = "job = '\(id)' AND queue = '\(high.name)' AND routing_key = '\(high.name)'"
            #expect(try await fixture.database.count("SELECT count(*) FROM runs WHERE \(own)") == 1)
            #expect(try await fixture.jobs.get(id)?.priority == .high)
        }
    }

    @Test func `of a level whose queue was lost, its own jobs get new messages, and no others`() async throws {
        try await withFixture { fixture in
            var ids: [JobPriority: [String]] = [:]
            for level in JobPriority.allCases { ids[level] = try await fixture.enqueue(3, level) }
            // Numbers of before.
            let some = (ids[.high] ?? []).dropLast()
            try await fixture.database.execute("UPDATE jobs SET priority = 7 WHERE id = '\(some[0])'")
            let end: Int64 = 4_000_000_000_000_000
            for level in JobPriority.allCases {
                try await fixture.database.execute("DELETE FROM outbox")
                let queue = fixture.queue(level)
                let sent = try await fixture.jobs.resend(
                    types: fixture.topology.jobTypes(of: queue),
                    priority: level,
                    enqueuedBefore: end
                )
                #expect(sent == ids[level]?.sorted())
                let keys = try await fixture.database.pool.query(
                    SQLStatement("SELECT DISTINCT routing_key FROM outbox")
                )
                #expect(keys.map { $0.text(0) } == [queue.name])
            }
            try await fixture.database.execute("DELETE FROM outbox")
            #expect(try await fixture.jobs.resend(types: [fixture.type], enqueuedBefore: end).count == 9)
        }
    }
}
