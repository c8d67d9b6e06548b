package import FlotillaCommandLineKit
package import FlotillaModules
package import FlotillaOperations
import FlotillaModels
import FlotillaOutbound
import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// Identity: tokens that others have issued, what revokes them, and the service that knows users.
package struct IdentityModule: DomainModule {
    package let name = "identity"
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package static var settings: [any SettingDeclaration] { Settings.identity }
    package static var commands: [Command] { [TokenCommands.all] }
    package static var messages: [MessageDescription] { IdentityMessages.all }
    /// They end the tokens of others.
    package static var guarded: [String] { ["user.#", "auth.#"] }

    package var metrics: [MetricDescription] { [TokenCheckMetrics.checks] }

    package func mistakes() async -> [String] {
        Self.mistakes { _ = try configuration.tokenSettings() }
            + Self.mistakes { _ = try configuration.authServiceSettings() }
    }

    package func findings() async -> [DoctorFinding] { await IdentityFindings(configuration).all() }

    package func start(in context: ModuleContext) throws -> ModuleParts {
        guard context.runs(RevocationWorker.name) else { return ModuleParts() }
        let life = configuration[Settings.longestTokenLife]
        let revocations = context.redis.map { Revocations($0, longestLife: life) }
        return ModuleParts(workers: [WorkerRegistration(RevocationWorker(revocations))])
    }

    package func routes(in context: APIContext) throws -> ModuleRoutes {
        let settings = try configuration.tokenSettings()
        let service = try configuration.authServiceSettings()
        let life = configuration[Settings.longestTokenLife]
        let revocations = context.redis.map { Revocations($0, longestLife: life) }
        var parts = ModuleRoutes()
        var tokens: CallerTokens?
        if settings != nil || service != nil {
            let engine = TransferEngine(name: "auth service", connectionsPerServer: 16)
            let http = HTTPClient(engine, connectTimeout: .seconds(3))
            let client = service.map { AuthServiceClient($0, http, log: context.log) }
            if let client {
                parts.dependencies = [RouteDependency("auth-service") { await client.problem() }]
            }
            tokens = CallerTokens(
                settings?.checker(http, log: context.log),
                client,
                revocations: revocations,
                policy: configuration[Settings.tokensWithoutRedis],
                metrics: context.metrics,
                log: context.log
            )
            parts.close = { await engine.close() }
        }
        parts.tokens = tokens
        parts.routes =
            TokenRevocationRoutes(
                revocations: revocations,
                pool: context.postgres,
                exchange: context.topology.events.name,
                hasRevoked: { [tokens] in tokens?.forgetAll() },
                log: context.log
            ).routes
        return parts
    }
}
