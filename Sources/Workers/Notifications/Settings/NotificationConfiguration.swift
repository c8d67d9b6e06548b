package import FlotillaPlatform

/// How notifications leave the fleet.
package struct NotificationConfiguration: Sendable {
    /// The providers of mail, by the names that settings, records and metrics show.
    package enum EmailProvider: String, Sendable, Hashable, CaseIterable {
        case smtp
        case mailAPI = "mail-api"
        case file
    }

    package enum SMSProvider: String, Sendable, Hashable, CaseIterable {
        case smsAPI = "sms-api"
        case file = "sms-file"
    }

    /// `smtp://user:password@host:587` or `smtps://…`.
    package var smtpURL: Secret?
    /// A file of authorities to trust for the mail server, instead of the system's.
    package var smtpAuthorities: String?
    /// Of SendGrid's shape, without a path: `https://api.sendgrid.com`.
    package var mailAPIURL: String?
    package var mailAPIKey: Secret?
    /// Of Twilio's shape, without a path: `https://api.twilio.com`.
    package var smsAPIURL: String?
    package var smsAPIAccount: String?
    package var smsAPIToken: Secret?
    /// `Name <address>`, or an address.
    package var mailFrom: String
    /// The number or the name that SMS come from.
    package var smsFrom: String?
    /// Where the file providers write.
    package var folder: String
    /// In order; `nil` takes what is configured, else the files.
    package var emailProviders: [String]?
    package var smsProviders: [String]?
    /// Notifications per second, by the provider's name. One without a rate gets them as they come.
    package var rates: [String: Double]
    /// What links in notifications begin with, without a slash at the end.
    package var publicURL: String
    /// Hosts that may be reached without encryption, beside this machine.
    package var plaintextHosts: [String]
    /// Sessions with the mail server at most.
    package var smtpConnections: Int

    package init(
        folder: String,
        mailFrom: String = "Flotilla <no-reply@localhost>",
        publicURL: String = "http://127.0.0.1:8080"
    ) {
        self.folder = folder
        self.mailFrom = mailFrom
        self.publicURL = publicURL
        rates = [:]
        plaintextHosts = []
        smtpConnections = 4
    }
}
