import Workers
import FlotillaCommandLineKit
import FlotillaMessaging
import FlotillaModules
import FlotillaOperations
import FlotillaStorage
import FlotillaTelemetry

/// Lends the files of dead letters to a command, once what lies in the dead-letter queues has been filed.
///
/// Should the broker be out, the command goes on with what is filed, and says so.
func withDeadLetters<R: Sendable>(
    _ invocation: Invocation,
    _ body: (DeadLetters) async throws -> R
) async throws -> R {
    let configuration = try invocation.configuration()
    let topology = try configuration.topology()
    let rabbitMQ = try configuration.rabbitMQ()
    return try await configuration.withPostgres { pool in
        let files = DeadLetters(pool)
        // Fails at once where Postgres is out, instead of holding messages while waiting for it.
        _ = try await pool.ping()
        let broker = RabbitMQBroker(rabbitMQ)
        let collection = DeadLetterCollection(
            topology: topology,
            broker: broker,
            files: files,
            observers: invocation.program.domains(configuration).flatMap(\.deadLetterObservers),
            log: Log(service: "dlq", threshold: .error)
        )
        do {
            _ = try await broker.closing { try await collection.collect() }
        } catch let error as AMQPError {
            invocation.console.note("Note: shows what is filed; the broker's queues could not be read: \(error.detail)")
        }
        return try await body(files)
    }
}
