package import FlotillaPlatform

/// The variables that every process reads. The domains add their own; parsing, `flotilla doctor` and
/// docs/05-configuration.md come from the lists of all.
package enum Settings {
    package static let rabbitMQ = Setting<Secret>(
        "RABBITMQ_URL",
        "The broker, `amqp://` or `amqps://`",
        otherwise: "the home's",
        address: AddressRule(schemes: ["amqp", "amqps"]) { $0.scheme == "amqps" }
    )
    package static let rabbitMQManagement = Setting<Secret>(
        "RABBITMQ_MANAGEMENT_URL",
        "The broker's HTTP interface, for what AMQP can't tell",
        otherwise: "the home's",
        address: .http
    )
    package static let database = Setting<Secret>(
        "DATABASE_URL",
        "PostgreSQL, `postgresql://`",
        otherwise: "the home's",
        address: AddressRule(schemes: ["postgres", "postgresql"]) {
            ["verify-full", "verify-ca", "require"].contains($0.query["sslmode"])
        }
    )
    package static let redis = Setting<Secret>(
        "REDIS_URL",
        "Redis, `redis://host:port/db` or `unix:///path`",
        otherwise: "the home's",
        address: AddressRule(schemes: ["redis", "unix", "redis+unix"]) { _ in false }
    )
    package static let port = Setting<Port>("PORT", "Where the API listens").defaulting(to: Port(8080))
    package static let home = Setting<String>(
        "FLOTILLA_HOME",
        "The folder of the private servers",
        otherwise: ".flotilla"
    )
    package static let queues = Setting<String>("FLOTILLA_QUEUES", "The queue file").defaulting(to: "queues.yaml")
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

    /// Wraps what is sealed in the database: people's keys, ticket keys, secrets of webhooks.
    package static let masterKey = Setting<Secret>(
        "FLOTILLA_MASTER_KEY",
        "Wraps people's keys in the audit log: the base64 of 32 bytes; older ones behind it, between commas",
        otherwise: "the home's"
    )
    package static let publicURL = Setting<String>(
        "FLOTILLA_PUBLIC_URL",
        "What links in notifications and the addresses of tickets begin with",
        otherwise: "http://127.0.0.1 with PORT"
    )

    package static let timeZone = Setting<ZoneName>(
        "FLOTILLA_TIME_ZONE",
        "The time zone of times without an offset, where the message names none"
    ).defaulting(to: .utc)

    package static let core: [any SettingDeclaration] = [
        rabbitMQ, rabbitMQManagement, database, redis, port, home, queues, allowPlaintext, logLevel, drain,
        inboxRetention, masterKey, publicURL, timeZone,
    ]

    /// A list as a Markdown table.
    package static func markdown(_ settings: [any SettingDeclaration]) -> String {
        let rows = settings.map { setting in
            let fallback = setting.defaultText.isEmpty ? "" : setting.defaultText
            return "| `\(setting.name)` | \(setting.meaning) | \(fallback) |"
        }
        return (["| Name | Meaning | Default |", "|---|---|---|"] + rows).joined(separator: "\n")
    }
}
