import CommandLineKit
import FoundationEssentials
import Glibc
import Operations

@main
struct Flotilla {
    static func main() async {
        let environment = ProcessInfo.processInfo.environment
        let status = await application.run(
            Array(CommandLine.arguments.dropFirst()),
            console: .standard(environment: environment)
        )
        exit(status.rawValue)
    }

    /// Every noun, in the order of the overview.
    static let application = Application(
        "flotilla",
        "a worker fleet on RabbitMQ",
        version: "0.1.0",
        commands: [
            UpCommand.all,
            APICommand.all,
            WorkerCommand.all,
            MigrateCommand.all,
            TopologyCommands.all,
            PublishCommand.all,
            EnqueueCommand.all,
            DemoCommand.all,
            JobCommands.all,
            QueueCommands.all,
            DeadLetterCommands.all,
            AuditCommand.all,
            IndexCommands.all,
            NotificationCommands.all,
            TicketCommand.all,
            WebhookCommand.all,
            KeyCommands.all,
            ServicesCommands.all,
            DoctorCommand.all,
        ],
        examples: ["flotilla up", "flotilla demo", "flotilla dlq list", "flotilla ticket --help"]
    )
}
