package import FlotillaCommandLineKit
import FlotillaIdentity
package import FlotillaModules
package import FlotillaOperations
import FlotillaOutbound
package import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// Notifications: mail, SMS and what applications show, to people who are to be notified.
package struct NotificationsModule: DomainModule {
    package let name = "notifications"
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package static var settings: [any SettingDeclaration] { Settings.notifications }
    package static var commands: [Command] { [NotificationCommands.all] }
    package static var messages: [MessageDescription] { NotificationMessages.all }
    package static var fleetOnly: FleetOnlyMessages {
        FleetOnlyMessages(
            events: [NotificationRequested.name, NotificationOutcome.sent, NotificationOutcome.failed],
            commands: DeliveryQueue.names.sorted()
        )
    }
    /// The commands `notification.email` and its like send free texts to free addresses.
    package static var guarded: [String] { ["user.#", "customer.#", "notification.#"] }

    package var migrations: [Migration] {
        [
            Migration(number: 1, name: "notifications", sql: NotificationsMigration.sql, formerNumber: 4),
            Migration(number: 2, name: "recipient_times", sql: RecipientTimesMigration.sql),
            Migration(number: 3, name: "request_zones", sql: RequestZonesMigration.sql),
            Migration(number: 4, name: "request_keys", sql: RequestKeysMigration.sql),
        ]
    }
    package var deadLetterObservers: [any DeadLetterObserver] { [DeadNotifications()] }
    package var metrics: [MetricDescription] { ProviderMetrics.descriptions }

    package func mistakes() async -> [String] {
        Self.mistakes { _ = try configuration.notifications() }
            + Self.mistakes { _ = try configuration.notificationTexts() }
    }

    package func start(in context: ModuleContext) throws -> ModuleParts {
        // Mistakes in the templates do not matter to a process that sends nothing.
        guard context.runs(EmailDeliveryWorker.name) else { return ModuleParts() }
        let texts = try configuration.notificationTexts()
        let settings = try configuration.notifications()
        let service = try configuration.authServiceSettings()
        let chains = try NotificationChains(
            settings,
            redis: context.redis,
            metrics: context.metrics,
            log: context.log
        )
        let engine = service.map { _ in TransferEngine(name: "auth service") }
        var directory: RecipientDirectory?
        if let service, let engine {
            directory = RecipientDirectory(AuthServiceClient(service, HTTPClient(engine), log: context.log))
        }
        let workers = NotificationWorkers(
            context.postgres,
            topology: context.topology,
            texts: texts,
            chains: chains,
            smsSender: settings.smsFrom,
            directory: directory
        )
        return ModuleParts(
            workers: workers.registrations,
            services: workers.services(broker: context.broker, log: context.log),
            probes: workers.probes,
            close: {
                await chains.close()
                await engine?.close()
            }
        )
    }

    package func routes(in context: APIContext) throws -> ModuleRoutes {
        let texts = try configuration.notificationTexts()
        let sending = NotificationRoutes(
            context.postgres,
            lists: context.lists,
            dispatch: NotificationDispatch(texts, topology: context.topology),
            admission: context.admission
        )
        return ModuleRoutes(
            sending.routes + InboxRoutes(context.postgres, lists: context.lists).routes
                + PreferenceRoutes(context.postgres, templates: texts.templates, topology: context.topology)
                .routes
        )
    }

    package func personalData(in context: PersonalDataContext) -> PersonalDataParts {
        PersonalDataParts([RecipientData(context.postgres), NotificationData(context.postgres)])
    }
}
