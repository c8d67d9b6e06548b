import FlotillaMessaging
import FlotillaTelemetry

/// Runs an outbox relay beside the workers, on a publisher connection of its own.
struct OutboxService: FleetService {
    private let connections: FleetConnections

    init(_ connections: FleetConnections) { self.connections = connections }

    func run() async {
        while !Task.isCancelled {
            do {
                let publisher = try await connections.broker.publisher(named: "flotilla outbox")
                let relay = OutboxRelay(
                    connections.postgres,
                    publisher: publisher,
                    metrics: connections.metrics,
                    log: connections.log
                )
                await relay.run()
                return await publisher.close()
            } catch {
                connections.log.warning("the outbox relay can't start; trying on", ["problem": .string("\(error)")])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }
}
