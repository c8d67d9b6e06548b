import FlotillaAudit
import FlotillaCommandLineKit
import FlotillaCron
import FlotillaDeadLetters
import FlotillaErasure
import FlotillaIdentity
import FlotillaIndexing
import FlotillaJobs
import FlotillaMessaging
import FlotillaModules
import FlotillaNotifications
import FlotillaPlatform
import FlotillaQuota
import FlotillaTickets
import FlotillaWebhooks
import FoundationEssentials
import Glibc

@main
struct Flotilla {
    /// Every domain. A new one is a folder, and a line here.
    static let program = FleetProgram([
        JobsModule.self,
        DeadLettersModule.self,
        AuditModule.self,
        QuotaModule.self,
        NotificationsModule.self,
        TicketsModule.self,
        IndexingModule.self,
        WebhooksModule.self,
        IdentityModule.self,
        ErasureModule.self,
        CronModule.self,
    ])

    static func main() async {
        Signals.ignoreBrokenPipes()
        let environment = ProcessInfo.processInfo.environment
        let status = await application.run(
            Array(CommandLine.arguments.dropFirst()),
            console: .standard(environment: environment)
        )
        exit(status.rawValue)
    }

    /// Every noun, in the order of the overview: what runs the fleet, what sends to it, the domains', and the rest.
    static let application = Application(
        "flotilla",
        "a worker fleet on RabbitMQ",
        version: FlotillaVersion.current,
        commands: FleetProgram.merged(
            [
                UpCommand.all, APICommand.all, WorkerCommand.all, MigrateCommand.all, TopologyCommands.all,
                PublisherCommands.all, PublishCommand.all, DemoCommand.all, QueueCommands.all,
            ] + program.commands + [KeyCommands.all, ServicesCommands.all, DoctorCommand.all]
        ),
        examples: ["flotilla up", "flotilla demo", "flotilla dlq list", "flotilla ticket --help"],
        context: program
    )
}
