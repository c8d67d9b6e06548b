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
    package static let databasePooler = Setting<PoolerMode>(
        "FLOTILLA_POSTGRES_POOLER",
        "What `DATABASE_URL` leads to: `transaction` for a pooler that lends sessions for a transaction"
    ).defaulting(to: .none)
    package static let databaseDirect = Setting<Secret>(
        "DATABASE_DIRECT_URL",
        "PostgreSQL past a pooler, for migrations and notifications",
        address: database.address
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
    package static let logRepeats = Setting<Bool>(
        "FLOTILLA_LOG_REPEATS",
        "Whether log lines like one of the last ten seconds are written too, and not only counted"
    ).defaulting(to: false)
    package static let drain = Setting<Duration>(
        "FLOTILLA_DRAIN_TIMEOUT",
        "How long running handlers may take to finish at shutdown"
    ).within(.zero ... .seconds(86_400)).defaulting(to: .seconds(30))
    package static let inboxRetention = Setting<Duration>(
        "FLOTILLA_INBOX_RETENTION",
        "How long message ids are remembered"
    ).within(.seconds(60) ... .seconds(3_650 * 86_400)).defaulting(to: .seconds(14 * 86_400))

    package static let jobRetention = Setting<Duration>(
        "FLOTILLA_JOB_RETENTION",
        "How long jobs are kept after they have succeeded; not less than "
            + "`FLOTILLA_INBOX_RETENTION`"
    ).within(.seconds(60) ... .seconds(3_650 * 86_400)).defaulting(to: .seconds(30 * 86_400))
    package static let deadJobRetention = Setting<Duration>(
        "FLOTILLA_DEAD_JOB_RETENTION",
        "How long dead jobs are kept, and cancelled ones, which stay for 90 days at least"
    ).within(.seconds(60) ... .seconds(3_650 * 86_400)).defaulting(to: .seconds(90 * 86_400))
    package static let idempotencyRetention = Setting<Duration>(
        "FLOTILLA_IDEMPOTENCY_RETENTION",
        "How long an `Idempotency-Key` is kept, and at least as long the record of its job"
    ).within(.seconds(60) ... .seconds(3_650 * 86_400)).defaulting(to: .seconds(7 * 86_400))
    package static let listTimeout = Setting<Duration>(
        "FLOTILLA_LIST_TIMEOUT",
        "How long PostgreSQL may work on a list or a search of the API"
    ).within(.milliseconds(100) ... .seconds(600)).defaulting(to: .seconds(5))
    package static let outboxLimit = Setting<Int>(
        "FLOTILLA_OUTBOX_LIMIT",
        "How many messages may wait to be published until the API takes in no more work"
    ).within(100...10_000_000).defaulting(to: 100_000)
    package static let connectionsPerAddress = Setting<Int>(
        "FLOTILLA_CONNECTIONS_PER_ADDRESS",
        "How many connections to the API one client address may have; 0 for any number"
    ).within(0...1_000_000).defaulting(to: 128)
    package static let trustedAddresses = Setting<WordList>(
        "FLOTILLA_TRUSTED_ADDRESSES",
        "Proxies in front of the API, for which that does not hold, and whose `X-Forwarded-For` and `X-Forwarded-Proto` "
            + "are believed: `10.0.0.0/8`, between commas"
    )
    package static let streams = Setting<Int>(
        "FLOTILLA_STREAMS",
        "How many streams of events one process of the API sends at a time"
    ).within(0...100_000).defaulting(to: 200)
    package static let rateLimit = Setting<RequestRate>(
        "FLOTILLA_RATE_LIMIT",
        "How many requests one key may send: a rate, behind a colon how many at once; or `off`"
    ).defaulting(to: RequestRate(perSecond: 10_000, burst: 20_000))
    package static let addressRateLimit = Setting<RequestRate>(
        "FLOTILLA_ADDRESS_RATE_LIMIT",
        "How many requests may come from one client address"
    ).defaulting(to: .off)
    package static let authenticationFailureLimit = Setting<RequestRate>(
        "FLOTILLA_AUTH_FAILURE_LIMIT",
        "How many requests without a valid key may come from one client address"
    ).defaulting(to: RequestRate(perSecond: 10, burst: 100))
    package static let corsOrigins = Setting<WordList>(
        "CORS_ORIGIN",
        "Origins whose pages may call the API from a browser, between commas: `https://app.example.com`; `*` for any"
    )

    package static let transactionTimeout = Setting<Duration>(
        "FLOTILLA_TRANSACTION_TIMEOUT",
        "How long the transaction of a message may take; a third of the queue's `timeout` if that is less"
    ).within(.milliseconds(100) ... .seconds(3_600)).defaulting(to: .seconds(10))

    package static let bodyBudget = Setting<ByteCount>(
        "FLOTILLA_BODY_BUDGET",
        "How much of message bodies a process of workers holds at a time; a batch holds a sixteenth of it"
    ).within(ByteCount(1 << 20)...ByteCount(1 << 40)).defaulting(to: ByteCount(64 << 20))

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

    package static let topologyRepair = Setting<Bool>(
        "FLOTILLA_TOPOLOGY_REPAIR",
        "Whether what is missing on the broker is declared again, and what a queue missed replayed"
    ).defaulting(to: true)

    package static let probes = Setting<ProbeList>(
        "FLOTILLA_PROBES",
        "Probe ports of worker processes, whose metrics the API shows with its own: `worker=host:port` between commas",
        otherwise: "the one of `flotilla up`"
    )

    /// Not for people: it tells when what `services env` printed is of another home.
    package static let serversOf = Setting<String>(
        "FLOTILLA_SERVERS_OF",
        "The home whose servers the addresses are of; `flotilla services env` sets it"
    )

    package static let timeZone = Setting<ZoneName>(
        "FLOTILLA_TIME_ZONE",
        "The time zone of times without an offset, where the message names none"
    ).defaulting(to: .utc)

    package static let core: [any SettingDeclaration] = [
        rabbitMQ, rabbitMQManagement, database, databasePooler, databaseDirect, redis, port, home, queues,
        allowPlaintext, logLevel, logRepeats, drain, inboxRetention, jobRetention, deadJobRetention,
        idempotencyRetention, listTimeout, outboxLimit,
        connectionsPerAddress, trustedAddresses, streams, rateLimit, addressRateLimit, authenticationFailureLimit,
        corsOrigins, transactionTimeout, bodyBudget, masterKey, publicURL, topologyRepair,
        probes, serversOf, timeZone,
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
