import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage

extension Configuration {
    /// What `flotilla doctor` says of queues that worker processes hold; none without Redis.
    func heldQueueFindings() async -> [DoctorFinding] {
        guard let url = self[Settings.redis]?.revealed, let configuration = try? RedisConfiguration(url: url) else {
            return []
        }
        let redis = RedisClient(configuration, name: "flotilla doctor")
        // Whether Redis can be reached is a finding of its own.
        let held = (try? await HeldQueues(redis).all()) ?? []
        await redis.close()
        return held.map { process, held in
            DoctorFinding(
                "queue \(held.queue)",
                .bad,
                "held since \(WallClock.iso8601(held.since)) in \(process): \(held.problem) (SQLSTATE \(held.sqlState))",
                remedy: "run flotilla migrate, grant the right, or correct the worker's statement"
            )
        }
    }
}
