package import FlotillaCommandLineKit
package import FlotillaModules
package import FlotillaOperations
package import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// Dead letters: the keeper that stores them, and the commands that show them and send them back.
package struct DeadLettersModule: DomainModule {
    /// Most tables are the core's, since every part of the fleet depends on them.
    package static let name = "dead-letters"
    package var name: String { Self.name }

    package let migrations = KeeperModule.steps

    package init(_ configuration: Configuration) {}

    package static var commands: [Command] { [DeadLetterCommands.all, JobRetryCommand.all] }

    package var metrics: [MetricDescription] {
        DeadLetterGauges.descriptions + [DeadLetterReturns.returned, UndeliveredGauges.description]
    }

    package func start(in context: ModuleContext) -> ModuleParts { KeeperModule().start(in: context) }

    package func routes(in context: APIContext) -> ModuleRoutes { ModuleRoutes(JobRetryRoutes(context).routes) }

    package func personalData(in context: PersonalDataContext) -> PersonalDataParts {
        PersonalDataParts([
            DeadLetterData.store(context.postgres), UnsettledDeadLetterData.store(context.postgres),
            OperatorActionData.store(context.postgres),
        ])
    }
}
