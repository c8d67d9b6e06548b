package import Platform
import CommandLineKit

/// Every variable that Flotilla reads. Parsing, `flotilla doctor` and docs/05-configuration.md come from this list.
package enum Settings {
    package static let rabbitMQ = Setting<Secret>(
        "RABBITMQ_URL",
        "The broker, `amqp://` or `amqps://`",
        otherwise: "the home's"
    )
    package static let rabbitMQManagement = Setting<Secret>(
        "RABBITMQ_MANAGEMENT_URL",
        "The broker's HTTP interface, for what AMQP can't tell",
        otherwise: "the home's"
    )
    package static let database = Setting<Secret>(
        "DATABASE_URL",
        "PostgreSQL, `postgresql://`",
        otherwise: "the home's"
    )
    package static let redis = Setting<Secret>(
        "REDIS_URL",
        "Redis, `redis://host:port/db` or `unix:///path`",
        otherwise: "the home's"
    )
    package static let port = Setting<Port>("PORT", "Where the API listens").defaulting(to: Port(8080))
    package static let home = Setting<String>(
        "FLOTILLA_HOME",
        "The folder of the private servers",
        otherwise: ".flotilla"
    )
    package static let queues = Setting<String>("FLOTILLA_QUEUES", "The queue file").defaulting(to: "queues.yaml")
    package static let plans = Setting<String>("FLOTILLA_PLANS", "The plan file").defaulting(to: "plans.yaml")
    package static let expiryNotices = Setting<DurationList>(
        "FLOTILLA_EXPIRY_NOTICES",
        "How long ahead of its end a subscription is warned of, between commas"
    ).defaulting(to: DurationList([.seconds(7 * 86_400), .seconds(86_400)]))
    package static let templates = Setting<String>("FLOTILLA_TEMPLATES", "The folder of notification templates")
        .defaulting(to: "ops/templates")
    package static let allowPlaintext = Setting<WordList>(
        "FLOTILLA_ALLOW_PLAINTEXT",
        "Hosts that may be reached without encryption, between commas"
    )
    package static let logLevel = Setting<LogLevel>("FLOTILLA_LOG_LEVEL", "The least log level that is written")
        .defaulting(to: .info)
    package static let drain = Setting<Duration>(
        "FLOTILLA_DRAIN_TIMEOUT",
        "How long running handlers may take to finish at shutdown"
    ).defaulting(to: .seconds(30))
    package static let inboxRetention = Setting<Duration>(
        "FLOTILLA_INBOX_RETENTION",
        "How long message ids are remembered"
    ).defaulting(to: .seconds(14 * 86_400))

    package static let all: [any SettingDeclaration] =
        [
            rabbitMQ, rabbitMQManagement, database, redis, port, home, queues, plans, expiryNotices, templates,
            allowPlaintext, logLevel, drain, inboxRetention,
        ] + audit + search + notifications + tickets + webhooks

    /// The list as a Markdown table.
    package static var markdown: String {
        let rows = all.map { setting in
            let fallback = setting.defaultText.isEmpty ? "" : setting.defaultText
            return "| `\(setting.name)` | \(setting.meaning) | \(fallback) |"
        }
        return (["| Name | Meaning | Default |", "|---|---|---|"] + rows).joined(separator: "\n")
    }
}

/// The words of `FLOTILLA_LOG_LEVEL`.
package enum LogLevel: String, CaseIterable, TextValue {
    case debug, info, warning, error
}
