import FlotillaModels
package import FlotillaCommandLineKit
package import FlotillaModules
package import FlotillaOperations
package import FlotillaPlatform
package import FlotillaStorage
import FlotillaWebhooks
package import Workers

/// Tickets: signed codes and pages for guests, their files, and the scans at the entrance.
package struct TicketsModule: DomainModule {
    package let name = "tickets"
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package static var settings: [any SettingDeclaration] { Settings.tickets }
    package static var commands: [Command] { [TicketCommand.all] }
    package static var messages: [MessageDescription] { TicketMessages.all }
    package static var webhookEvents: [String] {
        [
            ScanResult.rejected, ScanResult.suspected, TicketCancellation.event, TicketWorker.completed,
            ScanResult.scanned,
        ]
    }
    package static var fleetOnly: FleetOnlyMessages {
        FleetOnlyMessages(
            events: [ScanResult.rejected, ScanResult.suspected, TicketWorker.completed, ScanResult.scanned]
        )
    }
    package static var guarded: [String] { [TicketCancellation.event] }
    package static var impersonalTables: Set<String> { ["ticket_keys", "ticket_generation_jobs"] }

    package var migrations: [Migration] {
        [
            Migration(number: 1, name: "tickets", sql: TicketsMigration.sql, formerNumber: 5),
            Migration(number: 2, name: "scans", sql: ScansMigration.sql, formerNumber: 10),
            Migration(number: 3, name: "missing_characters", sql: MissingCharactersMigration.sql),
            Migration(number: 4, name: "scan_keys", sql: ScanKeysMigration.sql),
        ]
    }
    package var deadLetterObservers: [any DeadLetterObserver] { [DeadTicketJobs()] }

    package func mistakes() async -> [String] {
        let lines = Self.mistakes { _ = try configuration.tickets() }
        do throws(CommandError) {
            let files = try configuration.ticketFiles()
            await files.close()
            return lines
        } catch { return lines + [error.message] }
    }

    package func findings() async -> [DoctorFinding] { await configuration.ticketFinding().map { [$0] } ?? [] }

    package func start(in context: ModuleContext) throws -> ModuleParts {
        let settings = try configuration.tickets()
        let files = try configuration.ticketFiles()
        let store = files.store
        let renderer = TicketRenderer(threads: settings.threads * store.writesPerCore)
        let worker = TicketWorker(
            context.postgres,
            keys: TicketKeys(context.postgres, masters: try configuration.masterKeyring()),
            renderer: renderer,
            store: store,
            webhooks: WebhookOutbox(topology: context.topology),
            settings
        )
        return ModuleParts(
            workers: [
                WorkerRegistration(worker), WorkerRegistration(TicketCancellationWorker(topology: context.topology)),
            ],
            // Work waits while files can't be stored.
            probes: [.ticketFiles: { await store.isReachable() }],
            close: {
                renderer.close()
                await files.close()
            }
        )
    }

    package func routes(in context: APIContext) throws -> ModuleRoutes {
        let files = try configuration.ticketFiles()
        let tickets = TicketRoutes(
            context.postgres,
            lists: context.lists,
            routing: context.topology.jobRouting,
            files: files.store,
            admission: context.admission,
            rules: context.rules
        )
        let scanner = TicketScanner(
            context.postgres,
            keyring: TicketKeyring(TicketKeys(context.postgres, masters: try configuration.masterKeyring())),
            topology: context.topology,
            rules: configuration.scanRules
        )
        return ModuleRoutes(
            tickets.routes + TicketCancelRoutes(context.postgres, topology: context.topology).routes
                + ScanRoutes(scanner).routes,
            close: { await files.close() }
        )
    }

    package func personalData(in context: PersonalDataContext) throws -> PersonalDataParts {
        let files = try configuration.ticketFiles()
        return PersonalDataParts(
            [TicketData(context.postgres, files.store)] + ScanData.stores(context.postgres),
            close: { await files.close() }
        )
    }

    package func sealedSecrets(_ pool: PostgresPool, _ masters: MasterKeyring) -> [any SealedSecrets] {
        [SealedTicketKeys(pool, masters: masters)]
    }
}
