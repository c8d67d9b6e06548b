public import FlotillaModels
public import FlotillaTelemetry

/// What a process of workers is configured with.
public struct FleetConfiguration: Sendable {
    /// From `TopologyFile.load(from:)`, or made in code.
    public var topology: Topology
    /// `amqp://` or `amqps://`.
    public var rabbitMQ: String
    /// `postgresql://`.
    public var postgres: String
    /// `redis://` or `unix://`; `nil` goes without the live state of jobs.
    public var redis: String?
    /// The folder for the journals of running messages. Processes may share it; each takes the first free journal.
    public var stateFolder: String
    /// The workers to run; `nil` runs every registered one.
    public var only: Set<String>?
    /// How long a drain waits for what runs; 30 s by default.
    public var drain: Duration
    /// Whether this process also publishes the outbox; several may.
    public var relaysOutbox: Bool
    /// How long the ids of handled messages are remembered; 14 days by default.
    public var inboxRetention: Duration
    /// Connections to Postgres at most; 6 by default.
    public var postgresConnections: Int
    public var middleware: [any Middleware]
    public var log: Log

    public init(
        topology: Topology,
        rabbitMQ: String,
        postgres: String,
        redis: String? = nil,
        stateFolder: String,
        only: Set<String>? = nil,
        drain: Duration = .seconds(30),
        relaysOutbox: Bool = true,
        inboxRetention: Duration = .seconds(14 * 86_400),
        postgresConnections: Int = 6,
        middleware: [any Middleware] = [],
        log: Log = Log(service: "worker")
    ) {
        self.topology = topology
        self.rabbitMQ = rabbitMQ
        self.postgres = postgres
        self.redis = redis
        self.stateFolder = stateFolder
        self.only = only
        self.drain = drain
        self.relaysOutbox = relaysOutbox
        self.inboxRetention = inboxRetention
        self.postgresConnections = postgresConnections
        self.middleware = middleware
        self.log = log
    }
}
