package import FlotillaOperations
package import FlotillaPlatform

/// The endpoints that receive events over HTTP.
extension Settings {
    package static let webhookPrivate = Setting<WordList>(
        "FLOTILLA_WEBHOOK_ALLOW_PRIVATE",
        "Webhook endpoints that may be at private addresses or unencrypted, as `host:port` between commas"
    )
    package static let webhookRetention = Setting<Duration>(
        "FLOTILLA_WEBHOOK_RETENTION",
        "How long webhooks and the log of their attempts are kept"
    ).within(.seconds(3_600) ... .seconds(3_650 * 86_400)).defaulting(to: .seconds(30 * 86_400))
    package static let webhookGoneAfter = Setting<Duration>(
        "FLOTILLA_WEBHOOK_GONE_AFTER",
        "How long an endpoint has to answer 410, at least three times, before it is disabled"
    ).within(.seconds(60) ... .seconds(365 * 86_400)).defaulting(to: .seconds(86_400))
    package static let core = Setting<String>(
        "FLOTILLA_CORE_URL",
        "The core, which hears of tickets and scans at `/api/internal/…`: `http://core:3001`"
    )
    package static let coreSecret = Setting<Secret>(
        "FLOTILLA_CORE_SECRET",
        "What webhooks to the core are signed with: `whsec_…`; during a rotation the old one behind it, with a comma"
    )

    static let webhooks: [any SettingDeclaration] = [
        webhookPrivate, webhookRetention, webhookGoneAfter, core, coreSecret,
    ]
}
