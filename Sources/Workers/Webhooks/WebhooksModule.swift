import FlotillaModels
import FlotillaOutbound
package import FlotillaCommandLineKit
package import FlotillaModules
package import FlotillaOperations
package import FlotillaPlatform
package import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// Webhooks: tells endpoints of others of what happened, by the rules of Standard Webhooks.
package struct WebhooksModule: DomainModule {
    package let name = "webhooks"
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package static var settings: [any SettingDeclaration] { Settings.webhooks }
    package static var commands: [Command] { [WebhookCommand.all] }
    package static var messages: [MessageDescription] { WebhookMessages.all }
    package static var webhookEvents: [String] { [WebhookEvents.disabled] }
    package static var fleetOnly: FleetOnlyMessages {
        FleetOnlyMessages(events: ["webhook.*"], commands: [WebhookOutbox.routingKey])
    }
    package static var impersonalTables: Set<String> { ["webhook_endpoints", "webhook_deliveries"] }

    package var migrations: [Migration] {
        [
            Migration(number: 1, name: "webhooks", sql: WebhooksMigration.sql, formerNumber: 9),
            Migration(number: 2, name: "webhooks_gone", sql: WebhooksGoneMigration.sql),
            Migration(number: 3, name: "webhooks_gone_check", sql: WebhooksGoneMigration.validation),
        ]
    }
    package var metrics: [MetricDescription] { WebhookMetrics.all }

    package func mistakes() async -> [String] {
        Self.mistakes { _ = try configuration.webhookAccess() }
            + Self.mistakes { _ = try configuration.coreEndpoints() }
    }

    package func start(in context: ModuleContext) throws -> ModuleParts {
        let seal = WebhookSeal(try configuration.masterKeyring())
        let engine = WebhookSender.engine()
        let worker = WebhookDeliveryWorker(
            WebhookDelivery(
                pool: context.postgres,
                seal: seal,
                sender: WebhookSender(engine, access: try configuration.webhookAccess()),
                limiters: EndpointLimiters(metrics: context.metrics, log: context.log),
                metrics: context.metrics,
                eventExchange: context.topology.events.name,
                webhooks: WebhookOutbox(topology: context.topology),
                goneAfter: configuration[Settings.webhookGoneAfter]
            )
        )
        return ModuleParts(
            workers: [WorkerRegistration(worker)],
            services: context.runs(WebhookDeliveryWorker.name) ? try services(context, seal) : [],
            close: { await engine.close() }
        )
    }

    private func services(_ context: ModuleContext, _ seal: WebhookSeal) throws -> [any FleetService] {
        let retention = configuration[Settings.webhookRetention]
        let pruner = Pruner(context.postgres, "webhooks forgotten", step: 500, every: .seconds(300), log: context.log) {
            WebhookStatements.prune(olderThan: retention, limit: $0)
        }
        let lost = LostWebhooks(
            context.postgres,
            outbox: WebhookOutbox(topology: context.topology),
            broker: context.broker,
            log: context.log
        )
        guard let core = try configuration.coreEndpoints() else { return [pruner, lost] }
        let endpoints = WebhookEndpoints(context.postgres, seal: seal)
        return [pruner, lost, CoreEndpointsService(core: core, endpoints: endpoints, log: context.log)]
    }

    package func personalData(in context: PersonalDataContext) -> PersonalDataParts {
        PersonalDataParts(WebhookData.stores(context.postgres))
    }

    package func sealedSecrets(_ pool: PostgresPool, _ masters: MasterKeyring) -> [any SealedSecrets] {
        [SealedWebhookSecrets(WebhookEndpoints(pool, seal: WebhookSeal(masters)))]
    }
}
