package import FlotillaCommandLineKit
package import FlotillaOperations
package import FlotillaPlatform
package import FlotillaStorage
package import Workers

/// What a domain of this program brings, beside what every ``FleetModule`` does: settings, commands, routes, and what it
/// holds of people.
///
/// One value of a domain's folder says all of it; ``FleetProgram`` is the list of those values. All but `init` and
/// `start` has a default: nothing.
package protocol DomainModule: FleetModule {
    /// Gets the console for notes on what was done, and returns what was changed, in a few words each.
    typealias Preparation = @Sendable (PostgresPool, Console) async throws -> [String]

    /// The variables of the environment that the domain reads.
    static var settings: [any SettingDeclaration] { get }

    /// The domain's nouns. Nouns of the same name from several domains become one, with the verbs of all.
    static var commands: [Command] { get }

    /// The events that webhooks tell endpoints of.
    static var webhookEvents: [String] { get }

    /// The events and job types that the domain reads or publishes. Those of one name from several domains become one.
    static var messages: [MessageDescription] { get }

    /// What nobody outside the fleet may publish.
    static var fleetOnly: FleetOnlyMessages { get }

    /// Families of events and job types, as topic patterns, that change money, rights or people: in no default of a key.
    static var guarded: [String] { get }

    /// Tables that hold nothing about people but ids, names of operators, and what is sealed.
    static var impersonalTables: Set<String> { get }

    /// Keeps the configuration; nothing is checked or opened yet.
    init(_ configuration: Configuration)

    /// All for which the API or the workers would refuse to start, a line each.
    func mistakes() async -> [String]

    /// What `flotilla doctor` is to say of the places outside the servers that the domain uses.
    func findings() async -> [DoctorFinding]

    /// What has to be done once the tables are there, as a part of `flotilla migrate`; `nil` for nothing.
    ///
    /// - Throws: before the tables are touched, when it can't be done: a file that it reads has mistakes.
    func preparation() throws -> Preparation?

    func routes(in context: APIContext) throws -> ModuleRoutes

    /// Every place of the domain where personal data may stand, and what ends what they hold.
    func personalData(in context: PersonalDataContext) throws -> PersonalDataParts

    /// What the domain keeps sealed with the master key.
    func sealedSecrets(_ pool: PostgresPool, _ masters: MasterKeyring) -> [any SealedSecrets]
}

extension DomainModule {
    package static var settings: [any SettingDeclaration] { [] }
    package static var commands: [Command] { [] }
    package static var webhookEvents: [String] { [] }
    package static var messages: [MessageDescription] { [] }
    package static var fleetOnly: FleetOnlyMessages { FleetOnlyMessages() }
    package static var guarded: [String] { [] }
    package static var impersonalTables: Set<String> { [] }

    package func mistakes() async -> [String] { [] }
    package func findings() async -> [DoctorFinding] { [] }
    package func preparation() throws -> Preparation? { nil }
    package func routes(in context: APIContext) throws -> ModuleRoutes { ModuleRoutes() }
    package func personalData(in context: PersonalDataContext) throws -> PersonalDataParts { PersonalDataParts() }
    package func sealedSecrets(_ pool: PostgresPool, _ masters: MasterKeyring) -> [any SealedSecrets] { [] }
}

extension DomainModule {
    /// The lines of what a check refuses, for ``mistakes()``; none when it passes.
    package static func mistakes(_ check: () throws -> Void) -> [String] {
        do { try check() } catch {
            let message = (error as? CommandError)?.message ?? "\(error)"
            return message.split(separator: "\n").map(String.init)
        }
        return []
    }
}
