import FlotillaModels
import FlotillaStorage

/// The queued jobs whose messages were lost with their queue.
struct LostJobs: Sendable {
    private let topology: Topology
    private let jobs: Jobs

    init(_ pool: PostgresPool, topology: Topology) {
        self.topology = topology
        jobs = Jobs(pool, routing: topology.jobRouting)
    }

    /// Gives new messages to those of the queue that were enqueued before the time, in microseconds since 1970; returns how
    /// many.
    func resend(to queue: QueueDefinition, before time: Int64, isDryRun: Bool = false) async throws -> Int {
        let types = topology.jobTypes(of: queue)
        let priority = queue.family == nil ? nil : queue.level
        guard !types.isEmpty else { return 0 }
        var (sent, last) = (0, "")
        while true {
            let ids = try await jobs.resend(
                types: types,
                priority: priority,
                enqueuedBefore: time,
                after: last,
                isDryRun: isDryRun
            )
            guard let id = ids.last else { return sent }
            sent += ids.count
            last = id
        }
    }
}
