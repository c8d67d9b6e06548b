package import FlotillaCommandLineKit
package import FlotillaModules
package import FlotillaOperations
import FlotillaModels
package import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// Cron: jobs that are enqueued again and again, by a schedule.
package struct CronModule: DomainModule {
    package let name = "cron"
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package static var settings: [any SettingDeclaration] { Settings.cron }
    package static var commands: [Command] { [CronCommands.all] }

    package let migrations = [Migration(number: 1, name: "cron", sql: CronMigration.sql)]
    package var metrics: [MetricDescription] { CronMetrics.all }

    package func mistakes() async -> [String] {
        // Of a file whose queues have mistakes nobody knows the types.
        let types = (try? configuration.topology())?.jobTypes
        return Self.mistakes { _ = try configuration.cronEntries(types: types) }
    }

    package func start(in context: ModuleContext) throws -> ModuleParts {
        let scheduler = CronScheduler(
            context.postgres,
            entries: try configuration.cronEntries(types: context.topology.jobTypes),
            routing: context.topology.jobRouting,
            interval: configuration[Settings.cronInterval],
            metrics: context.metrics,
            log: context.log
        )
        return ModuleParts(services: [scheduler])
    }

    package func routes(in context: APIContext) -> ModuleRoutes { ModuleRoutes(CronRoutes(context).routes) }

    package func personalData(in context: PersonalDataContext) -> PersonalDataParts {
        PersonalDataParts([CronEntryData.store(context.postgres)])
    }
}
