import FlotillaMessaging
import FlotillaModels
import FlotillaTelemetry
import Workers

/// Shows how many messages the broker keeps because the queue that they go to is missing or refuses them.
struct UndeliveredGauges: FleetService {
    private let inspection: any BrokerInspection
    private let gauges: [(queue: String, gauge: Gauge)]

    static let description = MetricDescription(
        "flotilla_queue_undelivered",
        .gauge,
        "Messages taken out of the queue that the broker can't deliver, since the next queue is missing or refuses them."
    )

    init(_ topology: Topology, _ inspection: any BrokerInspection, metrics: Metrics) {
        self.inspection = inspection
        let ladder = topology.delay
        let queues =
            topology.queues.flatMap { [$0.name, ladder.exitQueue(of: $0.name)] }
            + (0..<ladder.levels).map(ladder.name(of:))
        gauges = queues.map { ($0, metrics.gauge(Self.description, ["queue": $0])) }
    }

    /// Runs until the task is cancelled. What can't be read keeps its last value.
    func run() async {
        repeat { try? await update() } while (try? await Task.sleep(for: DeadLetterGauges.interval)) != nil
    }

    func update() async throws {
        let counts = try await inspection.undelivered()
        for (queue, gauge) in gauges { gauge.set(Double(counts[queue] ?? 0)) }
    }
}
