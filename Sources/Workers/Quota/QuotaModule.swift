import FlotillaCommandLineKit
package import FlotillaModules
package import FlotillaOperations
package import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// Quotas: plans, subscriptions, tokens, and what companies have used of them.
package struct QuotaModule: DomainModule {
    package let name = "quota"
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package static var settings: [any SettingDeclaration] { Settings.quota }
    package static var messages: [MessageDescription] { QuotaMessages.all }
    package static var fleetOnly: FleetOnlyMessages {
        FleetOnlyMessages(events: ["quota.*", SubscriptionEvent.activated, SubscriptionEvent.expiring])
    }
    package static var guarded: [String] { ["payment.#", "invoice.#", "subscription.#", "token.#"] }
    package static var impersonalTables: Set<String> {
        [
            "plans", "plan_limits", "subscriptions", "subscription_periods", "subscription_notices", "quotas",
            "quota_usage", "token_accounts", "token_ledger",
        ]
    }

    package var migrations: [Migration] {
        [
            Migration(number: 1, name: "quota", sql: QuotaMigration.sql, formerNumber: 3),
            Migration(number: 2, name: "subscriptions", sql: SubscriptionsMigration.sql, formerNumber: 7),
            Migration(number: 3, name: "anchor_days", sql: AnchorDaysMigration.sql),
        ]
    }
    package var metrics: [MetricDescription] { QuotaMetrics.all }

    package func mistakes() async -> [String] { Self.mistakes { _ = try configuration.plans() } }

    package func preparation() throws -> Preparation? {
        guard let plans = try configuration.plans() else { return nil }
        return { pool, console in
            let changes = try await PlanStore(pool).apply(plans)
            if !changes.written.isEmpty { console.note("  plans: \(changes.written.joined(separator: ", "))") }
            if !changes.removed.isEmpty { console.note("  plans removed: \(changes.removed.joined(separator: ", "))") }
            for kept in changes.kept { console.note("flotilla: \(kept.warning)") }
            return changes.written.map { "plan \($0)" } + changes.removed.map { "plan \($0) removed" }
        }
    }

    package func start(in context: ModuleContext) throws -> ModuleParts {
        let workers = QuotaWorkers(
            context.connections,
            topology: context.topology,
            plans: try configuration.plans(),
            expiryNotices: configuration[Settings.expiryNotices].durations
        )
        return ModuleParts(
            workers: workers.registrations,
            services: context.runs(QuotaWorker.name) ? workers.services : []
        )
    }

    package func routes(in context: APIContext) -> ModuleRoutes {
        let reader = QuotaReader(
            context.postgres,
            cache: context.redis.map { QuotaCache($0, metrics: context.metrics) }
        )
        return ModuleRoutes(
            QuotaRoutes(reader).routes + SubscriptionRoutes(context.postgres).routes
                + TokenRoutes(context.postgres).routes
        )
    }
}
