package import FlotillaOperations
package import FlotillaPlatform

/// How mail and SMS go out.
extension Settings {
    package static let smtp = Setting<Secret>(
        "SMTP_URL",
        "The mail server, `smtp://user:password@host:587` (STARTTLS) or `smtps://` (TLS from the start)",
        address: AddressRule(schemes: ["smtp", "smtps"]) { $0.scheme == "smtps" || $0.query["tls"] != "none" }
    )
    package static let smtpAuthorities = Setting<String>(
        "FLOTILLA_SMTP_CA",
        "A file of certificate authorities to trust for the mail server",
        otherwise: "the system's"
    )
    package static let mailAPI = Setting<String>(
        "MAIL_API_URL",
        "A mail API of SendGrid's shape, without a path: `https://api.sendgrid.com`",
        address: .http
    )
    package static let mailAPIKey = Setting<Secret>("MAIL_API_KEY", "The mail API's key")
    package static let smsAPI = Setting<String>(
        "SMS_API_URL",
        "An SMS API of Twilio's shape, without a path: `https://api.twilio.com`",
        address: .http
    )
    package static let smsAPIAccount = Setting<String>("SMS_API_ACCOUNT", "The account at the SMS API")
    package static let smsAPIToken = Setting<Secret>("SMS_API_TOKEN", "The account's token")
    package static let mailFrom = Setting<String>("FLOTILLA_MAIL_FROM", "Who mail comes from: `Name <address>`")
        .defaulting(to: "Flotilla <no-reply@localhost>")
    package static let smsFrom = Setting<String>("FLOTILLA_SMS_FROM", "The number or name that SMS come from")
    package static let mailFolder = Setting<String>(
        "FLOTILLA_MAIL_FOLDER",
        "Where the providers `file` and `sms-file` write",
        otherwise: "mail, in the home"
    )
    package static let emailProviders = Setting<WordList>(
        "FLOTILLA_EMAIL_PROVIDERS",
        "Which carry mail, the first choice first: `smtp`, `mail-api`, `file`",
        otherwise: "those with a URL, else file"
    )
    package static let smsProviders = Setting<WordList>(
        "FLOTILLA_SMS_PROVIDERS",
        "Which carry SMS, the first choice first: `sms-api`, `sms-file`",
        otherwise: "sms-api with a URL, else sms-file"
    )
    package static let providerRates = Setting<RateList>(
        "FLOTILLA_PROVIDER_RATES",
        "How many notifications a provider is given per second at most: `smtp=50,mail-api=10`",
        otherwise: "as they come"
    )

    package static let appName = Setting<String>(
        "FLOTILLA_APP_NAME",
        "What notifications call the product that they come from"
    ).defaulting(to: "Flotilla")
    package static let supportEmail = Setting<String>(
        "FLOTILLA_SUPPORT_EMAIL",
        "Where notifications send people who need help",
        otherwise: "the address that mail comes from"
    )

    package static let templates = Setting<String>("FLOTILLA_TEMPLATES", "The folder of notification templates")
        .defaulting(to: "ops/templates")

    static let notifications: [any SettingDeclaration] = [
        smtp, smtpAuthorities, mailAPI, mailAPIKey, smsAPI, smsAPIAccount, smsAPIToken, mailFrom, smsFrom, mailFolder,
        emailProviders, smsProviders, providerRates, templates, appName, supportEmail,
    ]
}
