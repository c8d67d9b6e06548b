/// The steps of one module's schema, and the name under which a database remembers them.
package struct SchemaModule: Sendable, Hashable {
    /// Lower-case words joined by hyphens. It never changes.
    package let name: String
    /// In order.
    package let migrations: [Migration]

    package init(_ name: String, _ migrations: [Migration]) {
        self.name = name
        self.migrations = migrations
    }

    var hasProperName: Bool {
        guard let first = name.utf8.first, (0x61...0x7a).contains(first), name.utf8.count <= 63 else { return false }
        return name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
    }

    /// The tables of the fleet itself: every module's may build on them.
    package static let core = SchemaModule(
        "core",
        [
            Migration(number: 1, name: "core", sql: CoreMigration.sql, formerNumber: 1),
            Migration(number: 2, name: "job_effects", sql: JobEffectsMigration.sql),
            Migration(number: 3, name: "crash_notes", sql: CrashNotesMigration.sql),
            Migration(number: 4, name: "topology_repair", sql: TopologyRepairMigration.sql),
            Migration(number: 5, name: "event_requests", sql: EventRequestsMigration.sql),
            Migration(number: 6, name: "queue_mark_before", sql: QueueMarkBeforeMigration.sql),
            Migration(number: 7, name: "access", sql: AccessMigration.sql),
            Migration(number: 8, name: "callers", sql: CallersMigration.sql),
            Migration(number: 9, name: "kept_losses", sql: KeptLossesMigration.sql),
            Migration(number: 10, name: "job_rules", sql: JobRulesMigration.sql),
        ]
    )
}
