import Workers
package import FlotillaMessaging
package import FlotillaCommandLineKit
import FlotillaModels
package import FlotillaOperations
import FlotillaPersonalData
package import FlotillaStorage
import FoundationEssentials

/// The program as it is composed: its domains, and what they bring together.
package struct FleetProgram: Sendable {
    package let modules: [any DomainModule.Type]

    /// - Parameter modules: in the order in which their tables are made and their routes matched.
    package init(_ modules: [any DomainModule.Type]) { self.modules = modules }

    /// The settings of the core and of every domain.
    package var settings: [any SettingDeclaration] { Settings.core + modules.flatMap { $0.settings } }

    /// The configuration of this process, whose time zone is the assumed one from now on, or every problem with it, one per
    /// line, as wrong use.
    package func configuration() throws(CommandError) -> Configuration {
        do throws(ConfigurationError) {
            let configuration = try Configuration(
                environment: ProcessInfo.processInfo.environment,
                currentFolder: FileManager.default.currentDirectoryPath,
                settings: modules.flatMap { $0.settings }
            )
            AssumedZone.set(configuration[Settings.timeZone].zone)
            return configuration
        } catch {
            throw CommandError(error.description, status: .wrongUse)
        }
    }

    package func domains(_ configuration: Configuration) -> [any DomainModule] {
        modules.map { $0.init(configuration) }
    }

    /// Every table of the program, by module.
    package func schema(_ configuration: Configuration) -> [SchemaModule] {
        [.core] + domains(configuration).map(\.schema)
    }

    /// Whether a database has the tables that this program needs; `nil` when it can't be asked.
    package func schemaFinding(_ configuration: Configuration) async -> DoctorFinding? {
        let subject = "tables"
        do {
            let pending = try await configuration.withPostgres { pool in
                try await Migrations.pending(in: pool, schema(configuration))
            }
            guard let first = pending.first else { return DoctorFinding(subject, .good, "up to date") }
            guard first.module != SchemaModule.core.name || first.migration.number > 1 else {
                return DoctorFinding(subject, .doubtful, "there are none yet", remedy: "run flotilla migrate")
            }
            let steps = pending.map(\.label).joined(separator: ", ")
            return DoctorFinding(
                subject,
                .bad,
                "\(pending.count == 1 ? "a step is" : "\(pending.count) steps are") missing: \(steps)",
                remedy: "run flotilla migrate"
            )
        } catch let error as MigrationError {
            return DoctorFinding(subject, .bad, "\(error)")
        } catch { return nil }
    }

    /// Whether Postgres takes writes; `nil` when it can't be asked, which another finding says.
    package func writeFinding(_ configuration: Configuration) async -> DoctorFinding? {
        guard let settings = try? configuration.postgres() else { return nil }
        let probe = WriteProbe(settings, name: "flotilla doctor")
        defer { Task { await probe.close() } }
        do throws(PostgresError) {
            try await probe.check()
            return DoctorFinding("writes", .good, "Postgres takes them")
        } catch {
            let remedy =
                switch error.code {
                case .unavailable: nil as String?
                case .sqlState("25006"): "name the primary in DATABASE_URL, or end default_transaction_read_only"
                case .sqlState("53100"): "make room on the disk of its data"
                default: "see the server's log"
                }
            guard let remedy else { return nil }
            return DoctorFinding("writes", .bad, "Postgres takes none: \(error.cause)", remedy: remedy)
        }
    }

    /// All for which the API or the workers would refuse to start, a line each.
    package func mistakes(_ configuration: Configuration) async -> [String] {
        var lines: [String] = []
        do throws(CommandError) { _ = try configuration.topology() } catch {
            lines += error.message.split(separator: "\n").map(String.init)
        }
        for module in domains(configuration) {
            for line in await module.mistakes() where !lines.contains(line) { lines.append(line) }
        }
        return lines
    }

    /// Every place where personal data may stand: first those by which nobody is found, and last of all Redis, since what is
    /// deleted there is made again from the tables.
    package func personalData(
        _ configuration: Configuration,
        in context: PersonalDataContext
    ) throws -> PersonalDataParts {
        let parts = try domains(configuration).map { try $0.personalData(in: context) }
        let tables = FleetTables.stores(context.postgres) + parts.flatMap(\.stores)
        let redis: [any PersonalDataStore] = context.redis.map { [RedisData($0)] } ?? []
        return PersonalDataParts(tables.filter { !$0.identifiesPeople } + tables.filter(\.identifiesPeople) + redis) {
            for part in parts { await part.close() }
        }
    }

    package var impersonalTables: Set<String> {
        modules.reduce(FleetTables.impersonal) { $0.union($1.impersonalTables) }
    }

    /// Every event and job type that the domains describe.
    package var messages: MessageCatalog { MessageCatalog(modules) }

    /// What callers from outside may hand in.
    package var intakeRules: IntakeRules { IntakeRules(modules) }

    /// What nobody but the fleet may publish.
    package var publisherExclusions: PublisherRights.FleetOnly {
        PublisherRights.FleetOnly(
            events: modules.flatMap { $0.fleetOnly.events },
            commands: modules.flatMap { $0.fleetOnly.commands }
        )
    }

    /// The events that webhooks tell endpoints of.
    package var webhookEvents: [String] { modules.flatMap { $0.webhookEvents } }

    /// The domains' nouns.
    package var commands: [Command] { modules.flatMap { $0.commands } }

    /// Nouns of one name as one, with the verbs of all, where the first of them stands.
    package static func merged(_ commands: [Command]) -> [Command] {
        var nouns: [Command] = []
        for command in commands {
            if let place = nouns.firstIndex(where: { $0.name == command.name }) {
                nouns[place] = nouns[place].adding(command.verbs)
            } else {
                nouns.append(command)
            }
        }
        return nouns
    }
}
