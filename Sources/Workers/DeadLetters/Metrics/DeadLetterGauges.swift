import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
import FlotillaTelemetry

/// Shows how many dead letters stand open for each queue, and how old the oldest is.
struct DeadLetterGauges: Sendable {
    private let broker: any Broker
    private let store: DeadLetterStore
    private let queues: [(name: String, deadLetters: String, depth: Gauge, age: Gauge)]

    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    static let descriptions = [depth, age]
    private static let depth = MetricDescription(
        "flotilla_dlq_depth",
        .gauge,
        "Dead letters that nobody has dealt with: filed, set aside, or still in the dead-letter queue."
    )
    private static let age = MetricDescription(
        "flotilla_dlq_oldest_age_seconds",
        .gauge,
        "How long ago the oldest open dead letter was filed; 0 without one."
    )

    /// How often they are brought up to date when no change was reported.
    static let interval = Duration.seconds(15)
    /// How often at the most.
    static let rest = Duration.seconds(1)

    init(topology: Topology, broker: any Broker, store: DeadLetterStore, metrics: Metrics) {
        self.broker = broker
        self.store = store
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        queues = topology.queues.map { queue in
            (
                queue.name, queue.deadLetterQueue,
                metrics.gauge(Self.depth, ["queue": queue.name]), metrics.gauge(Self.age, ["queue": queue.name])
            )
        }
    }

    /// Tells that something was filed.
    func noteChange() { change.yield() }

    /// Runs until the task is cancelled. May be called once.
    func run() async {
        await withTaskGroup { tasks in
            tasks.addTask {
                while (try? await Task.sleep(for: Self.interval)) != nil { noteChange() }
            }
            noteChange()
            for await _ in changes {
                // What can't be read now keeps its last value: an outage has alarms of its own.
                try? await update()
                try? await Task.sleep(for: Self.rest)
            }
            tasks.cancelAll()
        }
    }

    func update() async throws {
        let counts = try await store.counts()
        let unfiled = Dictionary(try await store.unfiled().map { ($0.queue, $0.count) }) { $0 + $1 }
        let depths = try await broker.depths(of: queues.map(\.deadLetters))
        let now = WallClock.microseconds()
        for queue in queues {
            let filed = counts[queue.name]
            let ready = depths[queue.deadLetters]?.ready ?? 0
            queue.depth.set(Double((filed?.count ?? 0) + (unfiled[queue.name] ?? 0) + ready))
            queue.age.set(filed.map { Double(max(0, now - $0.oldest)) / 1e6 } ?? 0)
        }
    }
}
