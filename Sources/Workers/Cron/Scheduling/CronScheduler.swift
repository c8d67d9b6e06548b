package import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage
package import FlotillaTelemetry
import Workers

/// Enqueues the jobs of cron entries when their time has come.
///
/// Every process of workers runs one. An entry is taken by one of them at a time, and its job and its next time are
/// committed together, so that each nominal time has one job however many there are, and whenever one dies.
package struct CronScheduler: FleetService {
    /// What one pass has done.
    package struct Pass: Sendable, Hashable {
        package var runs = 0
        package var missed = 0
        package var skipped = 0
        /// Entries that could not be run, and why.
        package var problems: [String: String] = [:]
    }

    private let pool: PostgresPool
    private let jobs: Jobs
    private let store: CronStore
    private let entries: [CronEntry]?
    private let interval: Duration
    private let metrics: CronMetrics
    private let log: Log
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - entries: those of the file; `nil` leaves the table as it is.
    ///   - routing: where messages of jobs go.
    ///   - interval: between looks for what is due.
    ///   - now: microseconds since 1970; the database's clock as far as it was measured, unless given.
    package init(
        _ pool: PostgresPool,
        entries: [CronEntry]?,
        routing: JobRouting,
        interval: Duration = .seconds(1),
        metrics: Metrics,
        log: Log,
        now: @escaping @Sendable () -> Int64 = { WallClock.microseconds() }
    ) {
        self.pool = pool
        jobs = Jobs(pool, routing: routing)
        store = CronStore(pool)
        self.entries = entries
        self.interval = interval
        self.metrics = CronMetrics(metrics)
        self.log = log
        self.now = now
    }

    package func run() async {
        var isFileRead = entries == nil
        var told: [String: String] = [:]
        while !Task.isCancelled {
            do {
                if !isFileRead { try await readFile() }
                isFileRead = true
                let problems = try await pass().problems
                for (name, problem) in problems where told[name] != problem {
                    log.error("a cron entry can't be run", ["name": .string(name), "problem": .string(problem)])
                }
                told = problems
            } catch {
                if !Task.isCancelled {
                    log.warning("cron entries can't be looked through", ["problem": .string("\(error)")])
                }
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// Brings the table in line with the file.
    package func readFile() async throws {
        guard let entries else { return }
        let changes = try await store.keepOfFile(entries, at: now())
        for name in changes.refused {
            log.error("a cron entry of the file is not there: the API has one of this name", ["name": .string(name)])
        }
        guard !changes.written.isEmpty || !changes.removed.isEmpty else { return }
        log.info(
            "cron entries of the file have changed",
            [
                "written": .string(changes.written.joined(separator: ",")),
                "removed": .string(changes.removed.joined(separator: ",")),
            ]
        )
    }

    /// Does what is due now, an entry at a time, until nothing is left that no other scheduler has.
    package func pass() async throws -> Pass {
        var pass = Pass()
        let moment = now()
        while !Task.isCancelled {
            let failed = pass.problems.keys.sorted()
            let found = try await pool.pipeline([
                CronStatements.isDue(at: moment, without: failed), CronStatements.watched,
            ])
            try await pauseDead(found[1], at: moment)
            guard !found[0].isEmpty else { return pass }
            var claimed: String?
            do {
                guard let step = try await step(at: moment, without: failed, &claimed) else { return pass }
                pass.runs += step.runs
                pass.missed += step.missed
                pass.skipped += step.skipped
            } catch {
                guard let claimed else { throw error }
                pass.problems[claimed] = "\(error)"
            }
        }
        return pass
    }

    /// Pauses the entries whose last run has died, if they are to be.
    private func pauseDead(_ watched: SQLResult, at moment: Int64) async throws {
        let jobs = watched.reduce(into: [String: String]()) { $0[$1.text(1) ?? ""] = $1.text(0) }
        guard !jobs.isEmpty else { return }
        for id in try await pool.query(Jobs.dead(among: Array(jobs.keys))).compactMap({ $0.text(0) }) {
            guard let name = jobs[id] else { continue }
            _ = try await pool.query(
                CronStatements.pause(name, by: "cron", note: "the run \(id) has died", for: id, at: moment)
            )
            log.warning("a cron entry is paused: its last run has died", ["name": .string(name), "job": .string(id)])
        }
    }

    private struct Step: Sendable {
        var runs = 0
        var missed = 0
        var skipped = 0
    }

    /// Takes one entry, and does as much for it as fits in one transaction.
    ///
    /// - Parameter claimed: set to its name.
    /// - Returns: `nil` when there is none, or another scheduler has it.
    private func step(at moment: Int64, without failed: [String], _ claimed: inout String?) async throws -> Step? {
        try await pool.transaction { transaction in
            let row = try await transaction.query(CronStatements.claim(at: moment, without: failed)).first
            guard let record = row.map(CronRecord.init), let due = record.nextAt else { return nil }
            claimed = record.name
            let entry = try record.entry()
            let plan = CronPlan(entry.schedule, entry.zone, from: due, at: moment, catchUp: entry.catchUp)
            var dispatch = try await CronDispatch(entry, jobs, in: transaction, at: moment)
            for nominal in plan.runs { try await dispatch.run(at: nominal, entry.overlap) }
            let advance = CronStatements.advance(
                entry.name,
                next: plan.next,
                last: dispatch.runs.last.map { ($0.nominal, $0.job) },
                missed: plan.missed,
                skipped: dispatch.skipped
            )
            try await transaction.commit(after: dispatch.last + [advance])
            let step = Step(runs: dispatch.runs.count, missed: plan.missed, skipped: dispatch.skipped)
            report(step, of: entry.name)
            return step
        }
    }

    private func report(_ step: Step, of name: String) {
        metrics.count(name, runs: step.runs, missed: step.missed, skipped: step.skipped)
        guard step.missed > 0 else { return }
        log.warning(
            "runs of a cron entry were missed: no scheduler ran",
            ["name": .string(name), "missed": .integer(step.missed)]
        )
    }
}
