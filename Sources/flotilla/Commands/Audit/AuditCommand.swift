import CommandLineKit

/// `flotilla audit`: the audit log and what it says.
enum AuditCommand {
    static let all = Command(
        "audit",
        "Checks the audit log, reports from it, and forgets people",
        verbs: [
            AuditVerifyCommand.command, AuditCheckpointCommand.command, AuditForgetCommand.command,
            AuditReportCommand.command, AuditPartitionsCommand.command, AuditRetainCommand.command,
            AuditRotateKeyCommand.command,
        ]
    )
}
