import FlotillaModels
package import FlotillaTelemetry

/// The live states of jobs, projected into Redis.
///
/// Losing Redis loses nothing durable: a failing update is counted and forgotten. A finished job's state goes after
/// its retention, any other after 30 days without a change.
package struct JobStates: Sendable {
    private static let fields = [
        "attempt", "state", "progress", "progress_message", "worker", "last_error", "queued_at", "started_at",
        "finished_at", "updated_at",
    ]

    private let redis: RedisClient
    private let retention: Duration
    private let failures: Counter

    /// - Parameter retention: how long a finished job's state is kept.
    package init(_ redis: RedisClient, metrics: Metrics, retention: Duration = .seconds(86_400)) {
        self.redis = redis
        self.retention = retention
        failures = metrics.counter(
            "flotilla_job_state_failures_total",
            "Changes of job states that Redis did not take."
        )
    }

    package func update(_ change: JobStateChange) async { await update([change]) }

    /// Applies the changes in one round trip. An older one than Redis has is ignored there.
    package func update(_ changes: [JobStateChange]) async {
        guard !changes.isEmpty else { return }
        do {
            let replies = try await redis.evaluate(.jobState, calls: changes.map(call))
            let refused = replies.count { if case .error = $0 { true } else { false } }
            if refused > 0 { failures.increment(by: refused) }
        } catch {
            failures.increment(by: changes.count)
        }
    }

    /// Counts changes that were given up before Redis was asked.
    func failed(_ count: Int) { failures.increment(by: count) }

    /// The state of a job, or `nil` when Redis has none or can't be asked.
    package func read(_ jobID: String) async -> JobSnapshot? { await read([jobID])[jobID] }

    /// The states of jobs by their ids, asked for in one round trip; none of those that Redis does not know, or of all while
    /// it can't be asked.
    package func read(_ jobIDs: [String]) async -> [String: JobSnapshot] {
        guard !jobIDs.isEmpty else { return [:] }
        let fields = Self.fields.map { RedisArgument.text($0) }
        let commands = jobIDs.map { ["HMGET", .text(Self.key($0))] + fields }
        guard let replies = try? await redis.pipeline(commands) else { return [:] }
        return zip(jobIDs, replies).reduce(into: [:]) { states, pair in states[pair.0] = Self.snapshot(pair.1) }
    }

    private static func snapshot(_ reply: RedisReply) -> JobSnapshot? {
        let values = reply.elements
        guard values.count == Self.fields.count, let state = values[1].text.flatMap(JobState.init) else { return nil }
        return JobSnapshot(
            attempt: Int(values[0].int ?? 0),
            state: state,
            progress: values[2].int.map { Int($0) },
            progressMessage: values[3].text,
            worker: values[4].text,
            lastError: values[5].text,
            queuedAt: values[6].int,
            startedAt: values[7].int,
            finishedAt: values[8].int,
            updatedAt: values[9].int
        )
    }

    /// Drops the states of jobs that begin again at their first attempt.
    package func forget(_ jobIDs: [String]) async {
        guard !jobIDs.isEmpty else { return }
        do {
            _ = try await redis.command(["DEL"] + jobIDs.map { .text(Self.key($0)) })
        } catch {
            failures.increment(by: jobIDs.count)
        }
    }

    private func call(_ change: JobStateChange) -> (keys: [String], arguments: [RedisArgument]) {
        let progress = change.progress ?? (change.state == .succeeded ? 100 : -1)
        return (
            [Self.key(change.jobID)],
            [
                .int(Int64(change.attempt)), .int(Int64(change.state.rank)), .text(change.state.rawValue),
                .int(Int64(progress)), .text(change.progressMessage ?? ""), .text(change.worker ?? ""),
                .text(change.lastError ?? ""), .int(change.at), .int(retention.milliseconds),
            ]
        )
    }

    private static func key(_ jobID: String) -> String { "flotilla:job:\(jobID)" }
}
