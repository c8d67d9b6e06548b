package import FlotillaCommandLineKit
package import FlotillaModules
package import FlotillaOperations
package import FlotillaTelemetry
package import Workers

/// Jobs as callers and operators see them, and what brings them on when others have ended or their time has come. Their
/// records are the core's, since every worker writes them.
package struct JobsModule: DomainModule {
    package let name = "jobs"

    private let bulkLimit: ByteCount

    package init(_ configuration: Configuration) { bulkLimit = configuration[Settings.bulkLimit] }

    package static var settings: [any SettingDeclaration] { Settings.jobs }
    package static var commands: [Command] { [EnqueueCommand.all, JobCommands.all, BatchCommands.all] }

    package static var messages: [MessageDescription] { JobMessages.all }
    package static var fleetOnly: FleetOnlyMessages {
        FleetOnlyMessages(events: BatchEvent.allCases.map(\.rawValue))
    }

    package var metrics: [MetricDescription] { JobMetrics.descriptions }

    package func start(in context: ModuleContext) -> ModuleParts {
        ModuleParts(services: [JobCoordinator(context)])
    }

    package func routes(in context: APIContext) -> ModuleRoutes {
        let events = JobEventRoutes(context)
        let jobs = JobRoutes(context, bulkLimit: bulkLimit.count).routes
        return ModuleRoutes(jobs + BatchRoutes(context).routes + events.routes) { events.close() }
    }
}
