package import FlotillaCommandLineKit
package import FlotillaMessaging
package import FlotillaModels
import FlotillaOperations
import FlotillaPlatform
package import FlotillaStorage

extension Configuration {
    package func postgres() throws(CommandError) -> PostgresConfiguration {
        let url = try require(Settings.database).revealed
        do throws(PostgresError) {
            return try PostgresConfiguration(
                url: url,
                pooler: postgresPooler,
                directURL: self[Settings.databaseDirect]?.revealed
            )
        } catch {
            throw CommandError("DATABASE_URL: \(error.detail)", status: .wrongUse)
        }
    }

    package var postgresPooler: PostgresPooler {
        switch self[Settings.databasePooler] {
        case .none: .none
        case .transaction: .transaction
        }
    }

    package func rabbitMQ() throws(CommandError) -> RabbitMQConfiguration {
        let url = try require(Settings.rabbitMQ).revealed
        do throws(AMQPError) {
            return try RabbitMQConfiguration(url: url)
        } catch {
            throw CommandError("RABBITMQ_URL: \(error.detail)", status: .wrongUse)
        }
    }

    /// `nil` when there is no Redis.
    package func redis() throws(CommandError) -> RedisConfiguration? {
        guard let url = self[Settings.redis]?.revealed else { return nil }
        do throws(RedisError) {
            return try RedisConfiguration(url: url)
        } catch {
            throw CommandError("REDIS_URL: \(error.detail)", status: .wrongUse)
        }
    }

    /// The queue file, or every mistake in it as wrong use.
    package func topology() throws(CommandError) -> Topology {
        if source(of: Settings.queues) == .standard, PrivateFile.owner(of: self[Settings.queues]) == nil {
            throw CommandError(
                "there is no \(self[Settings.queues]) in this folder, and none beside \(home.path)",
                remedy: "run it in the fleet's folder, or set FLOTILLA_QUEUES",
                status: .wrongUse
            )
        }
        do throws(TopologyMistakes) {
            return try TopologyFile.load(from: self[Settings.queues])
        } catch {
            throw CommandError("\(error)", status: .wrongUse)
        }
    }

    /// Lends a pool to a command, and closes it however the command ends.
    package func withPostgres<R: Sendable>(_ body: (PostgresPool) async throws -> R) async throws -> R {
        let pool = PostgresPool(try postgres(), size: 1, name: "flotilla command")
        let result: Result<R, any Error>
        do {
            result = .success(try await body(pool))
        } catch let error as PostgresError {
            result = .failure(Self.commandError(error))
        } catch { result = .failure(error) }
        await pool.close()
        return try result.get()
    }

    private static func commandError(_ error: PostgresError) -> CommandError {
        switch error.code {
        case .sqlState("42P01"): CommandError("the database has no tables yet", remedy: "run flotilla migrate")
        case .sharedSession: CommandError(error.detail)
        case _ where error.isOutage: CommandError("Postgres: \(error.detail)", remedy: "see flotilla services status")
        default: CommandError("Postgres: \(error)")
        }
    }
}
