package import FlotillaCommandLineKit
package import FlotillaModules
package import FlotillaOperations
package import Workers

/// Erasure: takes a person out of every place that the domains name, and destroys the keys to what the audit log holds.
package struct ErasureModule: DomainModule {
    package let name = "erasure"

    package init(_ configuration: Configuration) {}

    package static var commands: [Command] {
        // The verb of a noun that is the audit log's.
        [Command("audit", "Forgets people", verbs: [AuditForgetCommand.command])]
    }

    /// The entry that says that a person was forgotten.
    package static var fleetOnly: FleetOnlyMessages { FleetOnlyMessages(events: ["subject.forgotten"]) }

    package func start(in context: ModuleContext) -> ModuleParts { ModuleParts() }
}
