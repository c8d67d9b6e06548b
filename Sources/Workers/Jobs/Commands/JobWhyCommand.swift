import FlotillaCommandLineKit
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaStorage

/// `flotilla job why`: why a job is where it is.
enum JobWhyCommand {
    private static let id = Argument<String>("ID", "The job's id")

    static let command = Command(
        "why",
        "Says why a job is where it is: what it waits for, and who holds that",
        takes: [id, OutputFormat.option],
        examples: ["flotilla job why 0193…", "flotilla job why 0193… --output json"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let topology = try configuration.topology()
        let id = invocation[id].lowercased()
        let broker = RabbitMQBroker(try configuration.rabbitMQ())
        let redis = try configuration.redis().map { RedisClient($0, name: "flotilla command") }
        let (job, reasons) = try await configuration.withPostgres { pool in
            guard let job = try await Jobs(pool).get(id) else {
                throw CommandError("there is no job \(id)", remedy: "see flotilla job list")
            }
            let explanation = JobExplanation(
                .init(pool: pool, redis: redis, topology: topology) { try? await broker.depth(of: $0) }
            )
            return (job, try await explanation.reasons(for: job))
        }
        await redis?.close()
        if invocation[OutputFormat.option] == .json {
            invocation.console.print(json: reasons.json(of: job, .off))
        } else {
            invocation.console.print("\(job.id) is \(job.state.rawValue).")
            for reason in reasons { invocation.console.print("  " + reason.text) }
        }
        return .done
    }
}
