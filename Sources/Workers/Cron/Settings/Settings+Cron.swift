package import FlotillaOperations

/// How cron entries are run.
extension Settings {
    package static let cronInterval = Setting<Duration>(
        "FLOTILLA_CRON_INTERVAL",
        "How often each process of workers looks for cron entries that are due"
    ).within(.milliseconds(100) ... .seconds(60)).defaulting(to: .seconds(1))

    static let cron: [any SettingDeclaration] = [cronInterval]
}
