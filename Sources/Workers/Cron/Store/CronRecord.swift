import FlotillaLocalization
package import FlotillaModels
import FlotillaStorage

/// A cron entry as the table has it: what was declared, and how it stands.
package struct CronRecord: Sendable, Hashable {
    package struct Pause: Sendable, Hashable {
        /// Microseconds since 1970.
        package let at: Int64
        /// Who: `key:<id>`, `cli:<user>`, or `cron` of a run that has died.
        package let by: String
        package let note: String?
    }

    package let name: String
    package let type: String
    package let payload: [UInt8]
    package let schedule: String
    package let zone: String
    package let overlap: CronOverlap
    package let catchUp: Duration
    package let jitter: Duration
    package let pauseOnFailure: Bool
    package let priority: JobPriority
    package let maxAttempts: Int?
    package let expiresAfter: Duration?
    package let source: CronSource
    package let pause: Pause?
    /// The nominal time of the next run, though it is paused; `nil` when the schedule has ended.
    package let nextAt: Int64?
    package let lastNominalAt: Int64?
    package let lastJobID: String?
    package let missed: Int
    package let skipped: Int
    package let createdAt: Int64
    package let updatedAt: Int64

    /// The columns that ``init(_:)`` reads, in its order.
    static let columns = """
        name, type, payload, schedule, time_zone, overlap, (extract(epoch FROM catch_up) * 1000)::bigint,
        (extract(epoch FROM jitter) * 1000)::bigint, pause_on_failure, priority, max_attempts, source, paused_at, paused_by,
        note, next_at, last_nominal_at, last_job_id, missed, skipped, created_at, updated_at,
        (extract(epoch FROM expires_after) * 1000)::bigint
        """

    init(_ row: SQLRow) {
        name = row.text(0) ?? ""
        type = row.text(1) ?? ""
        payload = row.bytes(2) ?? []
        schedule = row.text(3) ?? ""
        zone = row.text(4) ?? ""
        overlap = row.text(5).flatMap { CronOverlap(rawValue: $0) } ?? .skip
        catchUp = .milliseconds(row.int(6) ?? 0)
        jitter = .milliseconds(row.int(7) ?? 0)
        pauseOnFailure = row.bool(8) ?? false
        priority = JobPriority(number: Int(row.int(9) ?? 0))
        maxAttempts = row.int(10).map(Int.init)
        source = row.text(11).flatMap(CronSource.init) ?? .api
        pause = row.timestamp(12).map { Pause(at: $0, by: row.text(13) ?? "", note: row.text(14)) }
        nextAt = row.timestamp(15)
        lastNominalAt = row.timestamp(16)
        lastJobID = row.text(17)
        missed = Int(row.int(18) ?? 0)
        skipped = Int(row.int(19) ?? 0)
        createdAt = row.timestamp(20) ?? 0
        updatedAt = row.timestamp(21) ?? 0
        expiresAfter = row.int(22).map { .milliseconds($0) }
    }

    /// What was declared.
    ///
    /// - Throws: ``CronError`` when this system does not know the zone, or this version not the schedule.
    package func entry() throws(CronError) -> CronEntry {
        guard let zone = NamedTimeZone.named(zone) else {
            throw CronError(.unreadable, "the entry \(name): \(CronEntry.problem(withZone: self.zone))")
        }
        let schedule: CronSchedule
        do throws(CronScheduleError) { schedule = try CronSchedule(self.schedule) } catch {
            throw CronError(.unreadable, "the entry \(name): the schedule does not read: \(error)")
        }
        var entry = CronEntry(name: name, type: type, payload: payload, schedule: schedule, zone: zone)
        entry.overlap = overlap
        entry.catchUp = catchUp
        entry.jitter = jitter
        entry.pauseOnFailure = pauseOnFailure
        entry.priority = priority
        entry.maxAttempts = maxAttempts
        entry.expiresAfter = expiresAfter
        return entry
    }
}
