package import FlotillaHTTPRouting
package import FlotillaMessaging
package import FlotillaModels
package import FlotillaStorage
package import FlotillaTelemetry

/// What the routes of a domain work with.
package struct APIContext: Sendable {
    package let postgres: PostgresPool
    /// For lists and searches, which may take long: a few connections apart from the others, and less time for a statement.
    package let lists: PostgresPool
    /// `nil` without Redis.
    package let redis: RedisClient?
    /// Live states of jobs; without, they are shown as their records have them.
    package let states: JobStates?
    package let topology: Topology
    /// The numbers of ready messages and of consumers of a queue; `nil` when it is not there, or can't be asked.
    package let depth: @Sendable (_ queue: String) async -> QueueDepth?
    package let rules: IntakeRules
    package let messages: MessageCatalog
    package let admission: AdmissionControl
    package let metrics: Metrics
    package let log: Log

    /// - Parameters:
    ///   - lists: `postgres` unless given.
    ///   - messages: what bodies are checked by; none unless given.
    package init(
        postgres: PostgresPool,
        lists: PostgresPool? = nil,
        redis: RedisClient?,
        states: JobStates? = nil,
        topology: Topology,
        depth: @escaping @Sendable (_ queue: String) async -> QueueDepth? = { _ in nil },
        rules: IntakeRules,
        messages: MessageCatalog = MessageCatalog(),
        admission: AdmissionControl = AdmissionControl(),
        metrics: Metrics,
        log: Log
    ) {
        self.postgres = postgres
        self.lists = lists ?? postgres
        self.redis = redis
        self.states = states
        self.topology = topology
        self.depth = depth
        self.rules = rules
        self.messages = messages
        self.admission = admission
        self.metrics = metrics
        self.log = log
    }
}
