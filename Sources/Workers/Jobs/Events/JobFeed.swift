import FlotillaModels
import FlotillaPlatform
import FlotillaStorage

/// What has changed among all jobs, found by the indexes that the table has: new ones by their ids, those that have ended by
/// when they did, and those that run by their state.
///
/// A job that waits for a later time or for others and becomes `queued` is told of when it starts. Of what happens between
/// two looks the last is told. A pure value: its user asks the database.
struct JobFeed: Sendable {
    /// How far each look goes back beyond the one before, for what was committed later than it happened.
    static let overlap: Int64 = 2_000_000
    /// Rows of a kind in one look. While there are more, each look begins where the last one ended.
    static let limit = 5_000
    static let runningLimit = 1_000

    private struct Known {
        var change: JobChange
        var seen: Int
    }

    /// When the last look was, in microseconds since 1970 by the database's clock.
    private(set) var time: Int64
    private var newFrom: String
    private var endedFrom: (at: Int64, id: String)
    private var known: [String: Known] = [:]
    /// Those that ran at the last look.
    private(set) var running: Set<String> = []
    private var looks = 0

    init(at time: Int64) {
        self.time = time
        newFrom = UUIDv7.first(at: time - Self.overlap)
        endedFrom = (time - Self.overlap, "")
    }

    /// The rows to look at, for ``take(_:live:at:)``.
    var statements: [SQLStatement] {
        [
            Jobs.new(after: newFrom, limit: Self.limit),
            Jobs.ended(since: endedFrom.at, after: endedFrom.id, limit: Self.limit),
            Jobs.running(limit: Self.runningLimit),
            Jobs.records(of: Array(running)),
        ]
    }

    /// What has changed since the last look, the oldest job first.
    ///
    /// - Parameters:
    ///   - found: the rows of each of ``statements``.
    ///   - live: states in Redis, by the job's id.
    mutating func take(_ found: [[Job]], live: [String: JobSnapshot], at now: Int64) -> [JobChange] {
        looks += 1
        let isFirst = looks == 1
        let (new, ended, runningNow) = (found[0], found[1], found[2])
        var latest: [String: Job] = [:]
        for job in found.joined() { latest[job.id] = job }
        let reported = isFirst ? Set((new + ended).map(\.id)) : nil
        var changes: [JobChange] = []
        for job in latest.values {
            let change = JobChange(job, live[job.id])
            let isChanged = known[job.id]?.change != change
            known[job.id] = Known(change: change, seen: looks)
            if isChanged, reported?.contains(job.id) ?? true { changes.append(change) }
        }
        running = Set(runningNow.map(\.id))
        newFrom = new.count < Self.limit ? UUIDv7.first(at: now - Self.overlap) : new.last?.id ?? newFrom
        endedFrom = (now - Self.overlap, "")
        if ended.count == Self.limit, let last = ended.last { endedFrom = (last.finishedAt ?? now, last.id) }
        time = now
        // Beyond the overlap nothing leads to them any more.
        known = known.filter { $0.value.seen > looks - 2 || running.contains($0.key) }
        return changes.sorted { $0.job.id < $1.job.id }
    }
}
