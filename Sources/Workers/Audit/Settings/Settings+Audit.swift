package import FlotillaOperations
package import FlotillaPlatform

/// What the audit log's keys and checkpoints are.
extension Settings {
    package static let auditSigningKey = Setting<Secret>(
        "FLOTILLA_AUDIT_SIGNING_KEY",
        "Signs the audit log's checkpoints: the base64 of an Ed25519 seed",
        otherwise: "the home's"
    )
    package static let auditPublicKeys = Setting<WordList>(
        "FLOTILLA_AUDIT_PUBLIC_KEYS",
        "What checkpoints are checked with: base64, between commas",
        otherwise: "the home's"
    )
    package static let auditCheckpointInterval = Setting<Duration>(
        "FLOTILLA_AUDIT_CHECKPOINT_INTERVAL",
        "How often the audit log's heads are signed while they move"
    ).within(.seconds(1) ... .seconds(86_400)).defaulting(to: .seconds(300))

    static let audit: [any SettingDeclaration] = [
        auditSigningKey, auditPublicKeys, auditCheckpointInterval,
    ]
}
