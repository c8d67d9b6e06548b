package import FlotillaMessaging
public import FlotillaModels
public import FlotillaStorage
public import FlotillaTelemetry
public import Workers
import Foundation

/// A fleet without servers, to test workers with: the real runtime, over a broker and a store in memory.
///
/// ```swift
/// let fleet = try TestFleet(topology: TopologyFile.load(from: "queues.yaml"))
/// try fleet.register(Greeter())
/// try await fleet.publish("user.created", body: #"{"email": "ada@example.org"}"#)
/// try await fleet.waitUntilSettled()
/// #expect(fleet.events.map(\.routingKey) == ["greeting.sent"])
/// ```
/// Retries, snoozes, batches and dead letters go as in production, but waits are a thousand times shorter. No SQL is run:
/// statements are recorded, and answer with a number of rows and no rows.
public final class TestFleet: Sendable {
    public let topology: Topology
    /// Where the bodies of the messages are counted that are out.
    package let bodyBudget = BodyBudget()
    private let broker: MemoryBroker
    private let effects: MemoryEffectStore
    private let publisher: any MessagePublisher
    private let run: FleetRun

    /// - Parameters:
    ///   - drain: how long ``shutdown()`` waits for what runs.
    ///   - log: where the runtime writes; nowhere by default.
    ///   - answer: called for each statement in a transaction; returns how many rows it touched, or throws what Postgres would.
    public init(
        topology: Topology,
        middleware: [any Middleware] = [],
        drain: Duration = .seconds(5),
        log: Log = Log(service: "test", threshold: .error, descriptor: -1),
        answer: @escaping @Sendable (SQLStatement) throws -> Int = { _ in 1 }
    ) throws {
        let broker = MemoryBroker(clock: CompressedClock(), bodyBudget: bodyBudget)
        broker.declare(topology)
        let publisher = broker.publisher(named: "test")
        let effects = MemoryEffectStore(
            publisher: publisher,
            routing: topology.jobRouting,
            answer: answer
        )
        let folder = FileManager.default.temporaryDirectory.appending(path: "flotilla-test-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let metrics = Metrics()
        let setup = FleetSetup(
            topology: topology,
            broker: broker,
            effects: effects,
            breakers: Breakers(probes: [:], metrics: metrics, log: log),
            stateFolder: folder,
            metrics: metrics,
            log: log,
            middleware: middleware,
            drain: drain
        )
        self.topology = topology
        self.broker = broker
        self.effects = effects
        self.publisher = publisher
        run = FleetRun(Fleet(setup), folder: folder)
    }

    deinit { run.abandon() }

    /// Adds a worker. Call it before ``start()`` and ``waitUntilSettled(within:)``.
    public func register(_ worker: some Worker) throws { try run.fleet.register(worker) }

    /// Adds a worker that takes batches.
    public func register(_ worker: some BatchWorker) throws { try run.fleet.register(worker) }

    /// Publishes JSON as any publisher would. What is published before the fleet starts waits in its queues.
    ///
    /// - Parameters:
    ///   - id: the idempotency key; a new one unless given. For a message without one, publish a `Message`.
    ///   - exchange: the topic exchange unless given.
    /// - Throws: ``TestFleetError`` when no queue is bound for it.
    public func publish(
        _ routingKey: String,
        body: String,
        id: String? = nil,
        correlationID: String? = nil,
        headers: HeaderTable = HeaderTable(),
        exchange: String? = nil
    ) async throws {
        var message = Message(headers: headers, body: Array(body.utf8))
        message.properties.contentType = "application/json"
        message.properties.messageID = id ?? UUID().uuidString
        message.properties.correlationID = correlationID
        try await publish(message, to: routingKey, exchange: exchange)
    }

    /// Publishes a message as it is.
    public func publish(_ message: Message, to routingKey: String, exchange: String? = nil) async throws {
        let exchange = exchange ?? topology.events.name
        let outgoing = OutgoingMessage(exchange: exchange, routingKey: routingKey, message: message)
        guard await publisher.publish([outgoing])[0].isConfirmed else {
            throw TestFleetError(.unroutable, "no queue is bound for \(routingKey) on \(exchange)")
        }
    }

    /// Starts the workers. Without it, ``waitUntilSettled(within:)`` starts them.
    public func start() async throws { try await run.start() }

    /// Returns once every message that a registered worker takes has been handled, retries included.
    ///
    /// - Throws: ``TestFleetError`` with the queues that are not done when the time is over.
    public func waitUntilSettled(within limit: Duration = .seconds(10)) async throws {
        try await run.start()
        let deadline = ContinuousClock.now + limit
        while true {
            let underway = broker.underway
            if underway.isEmpty { return }
            guard .now < deadline else {
                let counts = underway.sorted { $0.key < $1.key }.map { "\($0.value) in \($0.key)" }
                throw TestFleetError(.unsettled, "not settled in \(limit): \(counts.joined(separator: ", "))")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Drains as SIGTERM does, and returns when the workers have stopped. Unfinished messages are back in their queues.
    public func shutdown() async throws { try await run.shutdown() }

    /// The events that committed transactions have published, in order.
    public var events: [OutgoingMessage] { effects.events }

    /// The messages of jobs that committed transactions have enqueued, in order. They run at once, and once more for each enqueue:
    /// times, unique keys, batches, predecessors and keys are kept by Postgres alone.
    public var jobs: [OutgoingMessage] { effects.jobs }

    /// The statements of committed transactions, in order.
    public var statements: [SQLStatement] { effects.statements }

    /// What lies in the dead-letter queue of a queue, oldest first.
    public func deadLetters(of queue: String) -> [TestDeadLetter] {
        broker.messages(in: QueueName.deadLetter(of: queue)).map(TestDeadLetter.init)
    }

    /// What waits in a queue and is not handed out, oldest first.
    public func waiting(in queue: String) -> [Message] { broker.messages(in: queue) }
}
