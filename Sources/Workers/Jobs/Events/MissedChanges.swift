import FlotillaModels
import FlotillaPlatform
import FlotillaStorage

/// What has changed among all jobs since a stream broke off.
struct MissedChanges: Sendable {
    /// How many jobs are looked at.
    static let limit = 10_000
    private static let page = 500

    private let pool: PostgresPool
    private let states: JobStates?

    init(_ pool: PostgresPool, _ states: JobStates?) {
        self.pool = pool
        self.states = states
    }

    /// Gives jobs that are new since a time, then others that have ended since, then others that run.
    ///
    /// - Parameter time: microseconds since 1970 by the database's clock.
    /// - Returns: false when there were more than ``limit``.
    func forEach(since time: Int64, _ body: ([JobChange]) async throws -> Void) async throws -> Bool {
        let start = time - JobFeed.overlap
        let first = UUIDv7.first(at: start)
        var left = Self.limit
        var cursor = first
        while left > 0 {
            let jobs = try await pool.query(Jobs.new(after: cursor, limit: Self.page)).jobs
            left -= jobs.count
            cursor = jobs.last?.id ?? cursor
            try await body(changes(jobs))
            if jobs.count < Self.page { break }
        }
        var (at, id) = (start, "")
        while left > 0 {
            let jobs = try await pool.query(Jobs.ended(since: at, after: id, limit: Self.page)).jobs
            left -= jobs.count
            if let last = jobs.last { (at, id) = (last.finishedAt ?? at, last.id) }
            try await body(changes(jobs.filter { $0.id <= first }))
            if jobs.count < Self.page { break }
        }
        let running = try await pool.query(Jobs.running(limit: JobFeed.runningLimit)).jobs
        try await body(changes(running.filter { $0.id <= first }.reversed()))
        return left > 0
    }

    private func changes(_ jobs: [Job]) async -> [JobChange] {
        let live = await states?.read(jobs.filter { !$0.state.isFinal }.map(\.id)) ?? [:]
        return jobs.map { JobChange($0, live[$0.id]) }
    }
}
