import FlotillaModules
package import FlotillaCommandLineKit
import FlotillaOperations

extension Configuration {
    /// How notifications leave this process, or everything that is wrong with it as wrong use.
    package func notifications() throws(CommandError) -> NotificationConfiguration {
        var settings = NotificationConfiguration(
            folder: self[Settings.mailFolder] ?? home.path + "/mail",
            mailFrom: self[Settings.mailFrom],
            publicURL: publicURL
        )
        settings.smtpURL = self[Settings.smtp]
        settings.smtpAuthorities = self[Settings.smtpAuthorities]
        settings.mailAPIURL = self[Settings.mailAPI]
        settings.mailAPIKey = self[Settings.mailAPIKey]
        settings.smsAPIURL = self[Settings.smsAPI]
        settings.smsAPIAccount = self[Settings.smsAPIAccount]
        settings.smsAPIToken = self[Settings.smsAPIToken]
        settings.smsFrom = self[Settings.smsFrom]
        settings.emailProviders = self[Settings.emailProviders]?.words
        settings.smsProviders = self[Settings.smsProviders]?.words
        settings.rates = self[Settings.providerRates]?.rates ?? [:]
        settings.plaintextHosts = self[Settings.allowPlaintext]?.words ?? []
        let problems = settings.validate()
        guard problems.isEmpty else {
            let lines = problems.map { "\(Self.name(of: $0.field)) \($0.detail)" }
            throw CommandError(lines.joined(separator: "\n"), status: .wrongUse)
        }
        return settings
    }

    private static func name(of field: NotificationConfiguration.Field) -> String {
        switch field {
        case .smtpURL: Settings.smtp.name
        case .smtpConnections: "the number of sessions with the mail server"
        case .mailAPIURL: Settings.mailAPI.name
        case .mailAPIKey: Settings.mailAPIKey.name
        case .smsAPIURL: Settings.smsAPI.name
        case .smsAPIAccount: Settings.smsAPIAccount.name
        case .smsAPIToken: Settings.smsAPIToken.name
        case .mailFrom: Settings.mailFrom.name
        case .smsFrom: Settings.smsFrom.name
        case .folder: Settings.mailFolder.name
        case .emailProviders: Settings.emailProviders.name
        case .smsProviders: Settings.smsProviders.name
        case .rates: Settings.providerRates.name
        case .publicURL: Settings.publicURL.name
        }
    }
}
