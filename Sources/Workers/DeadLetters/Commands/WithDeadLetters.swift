import Workers
import FlotillaCommandLineKit
import FlotillaMessaging
import FlotillaModules
import FlotillaStorage
import FlotillaTelemetry

/// Gives a command the store of dead letters, once what lies in the dead-letter queues has been filed.
///
/// Should the broker be out, the command goes on with what is filed, and says so.
func withDeadLetters<R: Sendable>(
    _ invocation: Invocation,
    _ body: (DeadLetterStore) async throws -> R
) async throws -> R {
    let configuration = try invocation.configuration()
    let topology = try configuration.topology()
    let rabbitMQ = try configuration.rabbitMQ()
    return try await configuration.withPostgres { pool in
        let store = DeadLetterStore(pool)
        // Fails at once where Postgres is out, instead of holding messages while waiting for it.
        _ = try await pool.ping()
        let broker = RabbitMQBroker(rabbitMQ, trust: FleetHeaderTrust(topology, user: rabbitMQ.user))
        let sweep = DeadLetterSweep(
            topology: topology,
            broker: broker,
            store: store,
            observers: invocation.program.domains(configuration).flatMap(\.deadLetterObservers),
            log: Log(service: "dlq", threshold: .error)
        )
        do {
            _ = try await broker.closing { try await sweep.run() }
        } catch let error as AMQPError {
            invocation.console.note("Note: shows what is filed; the broker's queues could not be read: \(error.detail)")
        }
        for unfiled in (try? await store.unfiled()) ?? [] {
            invocation.console.note(
                "Note: \(unfiled.count.counted("dead letter")) of \(unfiled.queue) can't be filed yet, and "
                    + "\(unfiled.count == 1 ? "is" : "are") tried on: \(unfiled.problem)"
            )
        }
        return try await body(store)
    }
}
