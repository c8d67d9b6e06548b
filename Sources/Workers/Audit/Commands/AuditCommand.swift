package import FlotillaCommandLineKit

/// `flotilla audit`: the audit log and what it says.
package enum AuditCommand {
    package static let all = Command(
        "audit",
        "Checks the audit log, reports from it, and forgets people",
        verbs: [
            AuditVerifyCommand.command, AuditCheckpointCommand.command,
            AuditReportCommand.command, AuditPartitionsCommand.command, AuditRetainCommand.command,
            AuditRotateKeyCommand.command,
        ]
    )
}
