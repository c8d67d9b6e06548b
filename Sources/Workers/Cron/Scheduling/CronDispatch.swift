import FlotillaModels
import FlotillaStorage
import FlotillaPlatform

/// Enqueues runs of one entry, inside a transaction that has locked it.
struct CronDispatch {
    /// A run that was enqueued.
    struct Run: Sendable, Hashable {
        let nominal: Int64
        let job: String
    }

    private let entry: CronEntry
    private let jobs: Jobs
    private let transaction: PostgresTransaction
    private let now: Int64
    /// Whether a run starts at its nominal time and some jitter, or at once.
    private let hasJitter: Bool
    private let createdBy: String
    /// The entry's jobs that have not ended, the oldest first.
    private(set) var unfinished: [String]
    private(set) var runs: [Run] = []
    private(set) var skipped = 0
    /// Nominal times that had their job already.
    private(set) var existing = 0
    /// To be executed with the commit.
    private(set) var last: [SQLStatement] = []

    /// - Parameters:
    ///   - now: microseconds since 1970.
    ///   - createdBy: who asks for a run by hand; the entry itself unless given.
    init(
        _ entry: CronEntry,
        _ jobs: Jobs,
        in transaction: PostgresTransaction,
        at now: Int64,
        createdBy: String? = nil
    ) async throws(PostgresError) {
        self.entry = entry
        self.jobs = jobs
        self.transaction = transaction
        self.now = now
        self.createdBy = createdBy ?? "cron:\(entry.name)"
        hasJitter = createdBy == nil
        unfinished = try await transaction.query(Jobs.unfinishedRuns(ofCron: entry.name)).compactMap { $0.text(0) }
    }

    /// One run, as the rule for overlaps has it.
    mutating func run(at nominal: Int64, _ overlap: CronOverlap) async throws {
        switch overlap.decision(unfinished: unfinished) {
        case .run: try await enqueue(at: nominal)
        case .wait(let id): try await enqueue(at: nominal, after: [id])
        case .skip: skipped += 1
        case .cancel(let ids):
            let reason = "the run of \(WallClock.iso8601(nominal)) takes its place"
            let cancelled = try await transaction.query(Jobs.cancel(ids, because: reason, within: Jobs.cancelLimit))
            let ended = cancelled.filter { $0.text(1) == "cancelled" }.compactMap { $0.text(0) }
            last.append(Outbox.takeBack(jobs: ids))
            unfinished.removeAll { ended.contains($0) }
            // Handlers that run are asked to end; until then the new one waits.
            try await enqueue(at: nominal, after: unfinished)
        }
    }

    /// One run that waits for everything of the entry that is unfinished.
    mutating func runInLine(at nominal: Int64) async throws {
        try await enqueue(at: nominal, after: unfinished.last.map { [$0] } ?? [])
    }

    private mutating func enqueue(at nominal: Int64, after predecessors: [String] = []) async throws {
        var job = NewJob(type: entry.type, payload: entry.payload)
        job.priority = entry.priority
        job.maxAttempts = entry.maxAttempts
        let start = max(nominal + (hasJitter ? entry.delay(at: nominal) : 0), now)
        if start > now { job.scheduledAt = start }
        job.expiresAt = entry.expiresAfter.map { start + $0.milliseconds * 1_000 }
        job.correlationID = "cron:\(entry.name):\(WallClock.iso8601(nominal))"
        job.createdBy = createdBy
        job.cronName = entry.name
        job.nominalAt = nominal
        job.after = predecessors
        job.startsAfterAny = !predecessors.isEmpty
        let plan = try await jobs.enqueue([job], in: transaction)
        last += plan.last
        guard case .created(let made)? = plan.outcomes.first else {
            existing += 1
            return
        }
        unfinished.append(made.id)
        runs.append(Run(nominal: nominal, job: made.id))
    }
}
