package import FlotillaHTTPRouting
package import FlotillaModels
package import FlotillaStorage
package import FlotillaTelemetry

/// What the routes of a domain work with.
package struct APIContext: Sendable {
    package let postgres: PostgresPool
    /// `nil` without Redis.
    package let redis: RedisClient?
    package let topology: Topology
    package let admission: AdmissionControl
    package let metrics: Metrics
    package let log: Log

    package init(
        postgres: PostgresPool,
        redis: RedisClient?,
        topology: Topology,
        admission: AdmissionControl = AdmissionControl(),
        metrics: Metrics,
        log: Log
    ) {
        self.postgres = postgres
        self.redis = redis
        self.topology = topology
        self.admission = admission
        self.metrics = metrics
        self.log = log
    }
}
