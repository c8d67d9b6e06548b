package import FlotillaMessaging
public import FlotillaModels
public import FlotillaStorage
public import FlotillaTelemetry

/// What a process of workers is configured with.
public struct FleetConfiguration: Sendable {
    /// From `TopologyFile.load(from:)`, or made in code.
    public var topology: Topology
    /// `amqp://` or `amqps://`.
    public var rabbitMQ: String
    /// `postgresql://`.
    public var postgres: String
    /// What `postgres` leads to; none by default.
    public var postgresPooler: PostgresPooler = .none
    /// `postgresql://` past a pooler, for migrations and notifications; without it they go without a session of their own.
    public var postgresDirect: String?
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
    /// Whether what is missing on the broker is declared again as soon as a connection meets it; true by default.
    public var repairsTopology: Bool
    /// How long the ids of handled messages are remembered; 14 days by default.
    public var inboxRetention: Duration
    /// Connections to Postgres at most; 6 by default.
    public var postgresConnections: Int
    /// How long the transaction of an effect may take from its begin to its commit; 10 s by default, and never more than
    /// a third of the queue's timeout.
    public var transactionTimeout: Duration = .seconds(10)
    /// How long the records of jobs that have succeeded or were cancelled are kept; 30 days by default.
    public var jobRetention: Duration = .seconds(30 * 86_400)
    /// How long the records of dead jobs are kept; 90 days by default.
    public var deadJobRetention: Duration = .seconds(90 * 86_400)
    /// How long the idempotency keys of requests are kept; 7 days by default.
    public var idempotencyRetention: Duration = .seconds(7 * 86_400)
    /// How many bytes of message bodies the process holds at a time, a batch a sixteenth of it; 64 MiB by default.
    /// With less than a message takes, one is held at a time.
    public var bodyBudget = 64 << 20
    public var middleware: [any Middleware]
    public var log: Log
    /// What nobody but the fleet may send, where publishers are listed; `Fleet.init` with modules does not know it.
    package var fleetOnly = PublisherRights.FleetOnly()

    public init(
        topology: Topology,
        rabbitMQ: String,
        postgres: String,
        redis: String? = nil,
        stateFolder: String,
        only: Set<String>? = nil,
        drain: Duration = .seconds(30),
        relaysOutbox: Bool = true,
        repairsTopology: Bool = true,
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
        self.repairsTopology = repairsTopology
        self.inboxRetention = inboxRetention
        self.postgresConnections = postgresConnections
        self.middleware = middleware
        self.log = log
    }
}
