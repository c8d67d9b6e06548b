import FlotillaModels
package import FlotillaCommandLineKit
package import FlotillaModules
package import FlotillaOperations
import FlotillaQuota
package import FlotillaStorage
package import Workers

/// Search: profiles as documents, in Postgres or in Elasticsearch.
package struct IndexingModule: DomainModule {
    package let name = "search"
    /// How long a search may take.
    private static let searchTimeout = Duration.seconds(5)
    private static let searchConnections = 4

    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package static var settings: [any SettingDeclaration] { Settings.search }
    package static var commands: [Command] { [IndexCommands.all] }
    package static var messages: [MessageDescription] { IndexingMessages.all }
    package static var impersonalTables: Set<String> { ["search_generations", "search_deleted_users"] }

    package var migrations: [Migration] {
        [Migration(number: 1, name: "search", sql: SearchMigration.sql, formerNumber: 6)]
    }

    package func mistakes() async -> [String] { Self.mistakes { _ = try configuration.searchBackend() } }

    package func start(in context: ModuleContext) throws -> ModuleParts {
        let backend = try configuration.searchBackend()
        let store = backend.store
        return ModuleParts(
            workers: [
                WorkerRegistration(IndexingWorker<ProfileValidated>(store)),
                WorkerRegistration(IndexingWorker<ProfileUpdated>(store)),
                WorkerRegistration(IndexingWorker<ProfileRejected>(store)),
                WorkerRegistration(UserDeletionWorker(store)),
            ],
            probes: backend.probes,
            close: { await backend.close() }
        )
    }

    package func routes(in context: APIContext) throws -> ModuleRoutes {
        let backend = try configuration.searchBackend()
        // Apart from the others, so that searches that take long keep nobody else waiting.
        var settings = context.postgres.configuration
        settings.statementTimeout = Self.searchTimeout
        let pool = PostgresPool(
            settings,
            size: Self.searchConnections,
            name: "\(context.postgres.name) search",
            waitLimit: context.postgres.waitLimit
        )
        let topic = context.topology.events.name
        let quotas = QuotaReader(
            context.postgres,
            cache: context.redis.map { QuotaCache($0, metrics: context.metrics) }
        )
        let search = SearchRoutes(backend.engine(pool), context.postgres, exchange: topic)
        let profiles = ProfileRoutes(context.postgres, quotas: quotas, exchange: topic, admission: context.admission)
        return ModuleRoutes(
            search.routes + profiles.routes,
            close: {
                await pool.close()
                await backend.close()
            }
        )
    }

    package func personalData(in context: PersonalDataContext) throws -> PersonalDataParts {
        let backend = try configuration.searchBackend()
        return PersonalDataParts([SearchData(context.postgres, backend.store)], close: { await backend.close() })
    }
}
