import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry

/// Why a job is where it is: what it waits for, who holds that, and since when.
struct JobExplanation: Sendable {
    /// One thing that explains the state.
    struct Reason: Sendable, Hashable {
        /// For programs: `limit_reached`.
        let code: String
        /// A sentence for people.
        let text: String
        /// Jobs or batches that it is about.
        var ids: [String] = []
    }

    /// Where the answers come from.
    struct Sources: Sendable {
        let pool: PostgresPool
        /// `nil` without Redis.
        let redis: RedisClient?
        let topology: Topology
        /// The numbers of ready messages and of consumers of a queue; `nil` when it is not there, or can't be asked.
        let depth: @Sendable (_ queue: String) async -> QueueDepth?
    }

    /// How many ids a reason names.
    private static let shown = 20

    private let sources: Sources

    init(_ sources: Sources) { self.sources = sources }

    func reasons(for job: Job) async throws -> [Reason] {
        switch job.state {
        case .succeeded: return [Reason(code: "succeeded", text: "It has succeeded\(at(job.finishedAt)).")]
        case .dead:
            let error = [job.errorType, job.errorMessage].compactMap(\.self).joined(separator: ": ")
            return [
                Reason(code: "dead", text: "It is dead\(at(job.finishedAt)) after \(job.attempts) attempts: \(error)")
            ]
        case .cancelled, .expired:
            let reason = job.reason.map { ": \($0)" } ?? "."
            return [Reason(code: job.state.rawValue, text: "It is \(job.state.rawValue)\(at(job.finishedAt))\(reason)")]
        case .scheduled: return [Reason(code: "scheduled", text: "It waits for its time,\(at(job.scheduledAt)).")]
        case .waiting: return job.isBlocked ? try await predecessors(of: job) : try await turn(of: job)
        case .queued: return try await unpublished(job) + queue(of: job)
        case .running: return try await running(job)
        case .retrying: return try await retrying(job) + queue(of: job)
        case .cancelling:
            return [Reason(code: "cancelling", text: "It is cancelled, and its handler has been asked to end.")]
        }
    }

    private func at(_ time: Int64?) -> String { time.map { " at \(WallClock.iso8601($0))" } ?? "" }

    private func predecessors(of job: Job) async throws -> [Reason] {
        let rows = try await sources.pool.query(JobDependencies.predecessors(of: job.id))
        let open = rows.filter { row in row.text(2).flatMap { JobState(rawValue: $0) }?.isFinal != true }
        let named = open.prefix(Self.shown).map { row in
            let id = row.text(0) ?? ""
            if row.bool(4) == true { return "the batch \(row.text(3).map { "“\($0)” " } ?? "")\(id)" }
            return "\(row.text(1) ?? "a job") \(id) (\(row.text(2) ?? "unknown"))"
        }
        let more = open.count > Self.shown ? " and \(open.count - Self.shown) more" : ""
        return [
            Reason(
                code: "predecessors",
                text: "It waits for \(named.joined(separator: ", "))\(more).",
                ids: open.prefix(Self.shown).compactMap { $0.text(0) }
            )
        ]
    }

    private func turn(of job: Job) async throws -> [Reason] {
        guard let key = job.key else { return [Reason(code: "turn", text: "It is about to go to its queue.")] }
        var reasons: [Reason] = []
        let limits = sources.topology.limits[job.type]
        let holders = try await sources.pool.query(KeyedJobs.held(job.type, key, limit: 1_000)).compactMap {
            $0.text(0)
        }
        if let limit = limits?.concurrency, holders.count >= limit {
            let named = holders.prefix(Self.shown).joined(separator: ", ")
            reasons.append(
                Reason(
                    code: "concurrency_limit",
                    text:
                        "The key \(key) is at its limit of jobs at a time, \(holders.count)/\(limit), held by \(named).",
                    ids: Array(holders.prefix(Self.shown))
                )
            )
        }
        if let rate = limits?.rate {
            let starts = try await sources.pool.query(KeyedJobs.starts(job.type, key, rate)).compactMap {
                $0.timestamp(0)
            }
            if starts.count >= rate.count, let oldest = starts.last {
                let next = oldest + Int64(rate.window / .microseconds(1))
                reasons.append(
                    Reason(
                        code: "rate_limit",
                        text:
                            "The key \(key) has had \(starts.count)/\(rate.count) starts in \(rate.window.text); the next is "
                            + "free\(at(next))."
                    )
                )
            }
        }
        guard reasons.isEmpty else { return reasons }
        let before = try await sources.pool.query(KeyedJobs.before(job)).first?.int(0) ?? 0
        return [
            Reason(
                code: "turn",
                text:
                    "It waits for the turn of its key \(key): \(before) jobs of the key are before it, and the queue holds as "
                    + "many jobs with keys as it takes."
            )
        ] + (await queue(of: job))
    }

    /// Its message is in Postgres still.
    private func unpublished(_ job: Job) async throws -> [Reason] {
        guard let row = try await sources.pool.query(Outbox.message(ofJob: job.id)).first else { return [] }
        guard let error = row.text(1) else {
            return [Reason(code: "unpublished", text: "Its message is about to be published.")]
        }
        return [
            Reason(
                code: "not_taken_by_broker",
                text:
                    "The broker has not taken its message in \(row.int(0) ?? 0) tries: \(error); the next is\(at(row.timestamp(2)))."
            )
        ]
    }

    private func queue(of job: Job) async -> [Reason] {
        guard let queue = sources.topology.queue(ofJobType: job.type, job.priority) else {
            return [Reason(code: "no_queue", text: "No queue takes jobs of the type \(job.type).")]
        }
        var reasons: [Reason] = []
        if let redis = sources.redis, let held = try? await HeldQueues(redis).all() {
            for one in held where one.held.queue == queue.name {
                let text = "\(one.process) holds the queue \(queue.name)\(at(one.held.since)): \(one.held.problem)"
                reasons.append(Reason(code: "queue_held", text: text))
            }
        }
        guard let depth = await sources.depth(queue.name) else {
            return reasons + [
                Reason(code: "queue_unknown", text: "The broker does not tell of the queue \(queue.name).")
            ]
        }
        if depth.consumers == 0 {
            let text = "No worker takes the queue \(queue.name): none runs, or they have let go of it for an outage."
            reasons.append(Reason(code: "no_consumer", text: text))
        }
        if job.state == .queued {
            let text = "The queue \(queue.name) has \(depth.ready) messages ready, and \(depth.consumers) consumers."
            reasons.append(Reason(code: "in_queue", text: text))
        }
        return reasons
    }

    private func running(_ job: Job) async throws -> [Reason] {
        let live = await sources.redis.flatMap { JobStates($0, metrics: Metrics()) }?.read(job.id)
        let worker = live?.worker.map { " by \($0)" } ?? ""
        let progress = live?.progress.map { ", \($0) % \(live?.progressMessage ?? "")" } ?? ""
        return [
            Reason(
                code: "running",
                text:
                    "It runs\(worker), attempt \(max(job.attempts, live?.attempt ?? 0)), started\(at(job.startedAt))\(progress)."
            )
        ]
    }

    private func retrying(_ job: Job) async throws -> [Reason] {
        let live = await sources.redis.flatMap { JobStates($0, metrics: Metrics()) }?.read(job.id)
        let error = live?.lastError.map { ": \($0)" } ?? "."
        return [Reason(code: "retrying", text: "Attempt \(job.attempts) has failed, and it waits for the next\(error)")]
    }
}
