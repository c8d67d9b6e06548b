package import Platform
import CommandLineKit

/// Who is told of events over HTTP, and what the door is wary of.
extension Settings {
    package static let webhookPrivate = Setting<WordList>(
        "FLOTILLA_WEBHOOK_ALLOW_PRIVATE",
        "Webhook endpoints that may be at private addresses or unencrypted, as `host:port` between commas"
    )
    package static let webhookRetention = Setting<Duration>(
        "FLOTILLA_WEBHOOK_RETENTION",
        "How long webhooks and the log of their attempts are kept"
    ).defaulting(to: .seconds(30 * 86_400))
    package static let core = Setting<String>(
        "FLOTILLA_CORE_URL",
        "The core, which hears of tickets and scans at `/api/internal/…`: `http://core:3001`"
    )
    package static let coreSecret = Setting<Secret>(
        "FLOTILLA_CORE_SECRET",
        "What webhooks to the core are signed with: `whsec_…`; during a rotation the old one behind it, with a comma"
    )

    package static let scanTwoPlaces = Setting<Duration>(
        "FLOTILLA_SCAN_TWO_PLACES",
        "A ticket scanned at two places within this time is suspected to be copied"
    ).defaulting(to: .seconds(30))
    package static let scanForgedBurst = Setting<Int>(
        "FLOTILLA_SCAN_FORGED_BURST",
        "How many forged codes one operator scans in a minute before it is suspected"
    ).defaulting(to: 10)

    static let webhooks: [any SettingDeclaration] = [
        webhookPrivate, webhookRetention, core, coreSecret, scanTwoPlaces, scanForgedBurst,
    ]
}
