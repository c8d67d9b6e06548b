@testable import FlotillaCron
import FlotillaLocalization
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Synchronization
import Testing

/// Cron entries of one database, under a clock that tests set.
final class CronFixture: Sendable {
    let database: TestDatabase
    let metrics = Metrics()
    let store: CronStore
    let runs: CronRuns
    private let clock: Mutex<Int64>

    init(_ database: TestDatabase, at start: String) throws {
        self.database = database
        store = CronStore(database.pool)
        runs = CronRuns(database.pool, routing: JobRouting())
        clock = Mutex(try Self.moment(start))
    }

    static func moment(_ text: String) throws -> Int64 { try #require(EventTime.parse(text)) }

    var now: Int64 { clock.withLock { $0 } }

    func set(_ text: String) throws {
        let moment = try Self.moment(text)
        clock.withLock { $0 = moment }
    }

    func advance(_ duration: Duration) { clock.withLock { $0 += duration.milliseconds * 1_000 } }

    static func entry(
        _ name: String,
        _ schedule: String,
        zone: String = "UTC",
        _ overlap: CronOverlap = .allow,
        catchUp: Duration = .seconds(3_600)
    ) throws -> CronEntry {
        var entry = CronEntry(
            name: name,
            type: "audit.write",
            payload: Array(#"{"of":"\#(name)"}"#.utf8),
            schedule: try CronSchedule(schedule),
            zone: try #require(NamedTimeZone.named(zone))
        )
        entry.overlap = overlap
        entry.catchUp = catchUp
        return entry
    }

    func scheduler(_ pool: PostgresPool? = nil, file entries: [CronEntry]? = nil) -> CronScheduler {
        CronScheduler(
            pool ?? database.pool,
            entries: entries,
            routing: JobRouting(),
            interval: .milliseconds(5),
            metrics: metrics,
            log: Log(service: "test", descriptor: -1),
            now: { self.now }
        )
    }

    func put(_ entries: CronEntry...) async throws {
        for entry in entries { try await store.put(entry, at: now) }
    }

    func record(_ name: String) async throws -> CronRecord { try #require(try await store.get(name)) }

    /// The nominal times of an entry's jobs, to the minute, in UTC.
    func nominals(_ name: String, _ condition: String = "true") async throws -> [String] {
        try await database.pool.query(
            SQLStatement(
                """
                SELECT to_char(nominal_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI') FROM jobs
                WHERE cron_name = $1 AND \(condition) ORDER BY nominal_at
                """,
                [.text(name)]
            )
        ).compactMap { $0.text(0) }
    }

    func states(_ name: String) async throws -> [String] {
        try await database.pool.query(
            SQLStatement("SELECT state FROM jobs WHERE cron_name = $1 ORDER BY nominal_at, id", [.text(name)])
        ).compactMap { $0.text(0) }
    }

    /// Ends every job of an entry that has not.
    func finish(_ name: String, as state: String = "succeeded") async throws {
        _ = try await database.pool.query(
            SQLStatement(
                "UPDATE jobs SET state = $2, finished_at = now() WHERE cron_name = $1 AND finished_at IS NULL",
                [.text(name), .text(state)]
            )
        )
    }

    /// What a schedule has after one moment and up to another, as ``nominals(_:_:)`` writes it.
    static func expected(_ entry: CronEntry, after start: String, through end: String) throws -> [String] {
        let last = try moment(end)
        var found: [Int64] = []
        while let next = entry.schedule.next(after: try found.last ?? moment(start), in: entry.zone), next <= last {
            found.append(next)
        }
        return found.map { String(WallClock.iso8601($0).prefix(16)) }
    }
}
