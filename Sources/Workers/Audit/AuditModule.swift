package import FlotillaCommandLineKit
package import FlotillaModules
package import FlotillaOperations
package import FlotillaPlatform
package import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// The audit log: a row for every message, chained, sealed and signed.
package struct AuditModule: DomainModule {
    package let name = "audit"
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package static var settings: [any SettingDeclaration] { Settings.audit }
    package static var commands: [Command] { [AuditCommand.all] }
    package static var messages: [MessageDescription] { AuditMessages.all }
    /// Entries that the log makes of itself, of refused requests, and of what operators did.
    package static var fleetOnly: FleetOnlyMessages {
        FleetOnlyMessages(events: ["audit.month.*", "request.denied", "operator.acted"])
    }
    /// `audit.write` has free content, so a key needs a grant that names it.
    package static var guarded: [String] { ["audit.#"] }
    package static var impersonalTables: Set<String> {
        [
            "audit_lanes", "audit_logs", "audit_secrets", "audit_subjects", "audit_subject_traces",
            "audit_subject_aliases", "audit_action_steps", "audit_chain", "audit_checkpoints",
        ]
    }

    package var migrations: [Migration] {
        [
            Migration(number: 1, name: "audit", sql: AuditMigration.sql, formerNumber: 2),
            Migration(number: 2, name: "audit_privacy", sql: AuditPrivacyMigration.sql, formerNumber: 8),
            Migration(number: 3, name: "audit_receipt", sql: AuditReceiptMigration.columns),
            Migration(number: 4, name: "audit_receipt_index", sql: AuditReceiptMigration.index),
        ]
    }

    package func start(in context: ModuleContext) async throws -> ModuleParts {
        let privacy = AuditPrivacy(context.postgres, masters: try configuration.masterKeyring())
        try await check(privacy, context.log)
        let maintenance = AuditMaintenance(
            context.postgres,
            checkpoints: try configuration.checkpointing(context.postgres),
            interval: configuration[Settings.auditCheckpointInterval],
            log: context.log
        )
        return ModuleParts(
            workers: [WorkerRegistration(AuditWorker(privacy: privacy))],
            services: [maintenance, QueueReplay(context, privacy: privacy)]
        )
    }

    /// A master key that does not fit the database is a mistake to tell at once. A database that is out is none.
    private func check(_ privacy: AuditPrivacy, _ log: Log) async throws {
        do {
            try await privacy.check()
        } catch let error as MasterKeyError {
            throw CommandError(error.detail, remedy: "all processes of a database need the same FLOTILLA_MASTER_KEY")
        } catch let error as AuditError {
            throw CommandError(error.detail, remedy: "all processes of a database need the same FLOTILLA_MASTER_KEY")
        } catch {
            log.warning("the master key can't be checked now", ["problem": .string("\(error)")])
        }
    }

    package var metrics: [MetricDescription] { QueueReplay.metrics }

    package func findings() async -> [DoctorFinding] { await configuration.lossFindings() }

    package func routes(in context: APIContext) throws -> ModuleRoutes {
        let privacy = AuditPrivacy(context.postgres, masters: try configuration.masterKeyring())
        return ModuleRoutes(AuditRoutes(AuditLog(context.lists, privacy: privacy)).routes)
    }

    package func sealedSecrets(_ pool: PostgresPool, _ masters: MasterKeyring) -> [any SealedSecrets] {
        [SealedSubjectKeys(pool, masters: masters)]
    }
}
