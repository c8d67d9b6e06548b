import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Testing

@testable import FlotillaJobs

@Suite(.enabled(if: TestDatabase.isAvailable))
struct KeyedJobTests {
    private static func enqueue(_ count: Int, key: String, _ fixture: JobFixture) async throws -> [String] {
        let jobs = (0..<count).map { _ in JobFixture.new { $0.key = key } }
        return try await fixture.jobs.enqueue(jobs).compactMap { $0.job?.id }.sorted()
    }

    /// The keys of the jobs in the order in which they went to their queue.
    private static func order(_ fixture: JobFixture) async throws -> [String] {
        let rows = try await fixture.database.pool.query(
            SQLStatement("SELECT job_key FROM outbox JOIN jobs ON jobs.id = outbox.job_id ORDER BY outbox.id")
        )
        return rows.compactMap { $0.text(0) }
    }

    private static func work(_ fixture: JobFixture) async throws -> Int {
        let rows = try await fixture.database.pool.query(SQLStatement("SELECT id FROM jobs WHERE state = 'queued'"))
        for row in rows { try await fixture.succeed(row.text(0) ?? "") }
        return rows.count
    }

    @Test func `keys take turns, the queue stays short, and a late key waits for one job of each other`() async throws {
        try await JobFixture.with(slots: 2) { fixture in
            _ = try await Self.enqueue(50, key: "big", fixture)
            #expect(try await fixture.dispatcher.dispatch().dispatched == 4)
            #expect(try await fixture.dispatcher.dispatch().dispatched == 0)
            _ = try await Self.enqueue(3, key: "small", fixture)
            _ = try await Self.enqueue(3, key: "almost", fixture)
            #expect(try await Self.work(fixture) == 4)
            #expect(try await fixture.dispatcher.dispatch().dispatched == 4)
            #expect(try await Self.work(fixture) == 4)
            #expect(try await fixture.dispatcher.dispatch().dispatched == 4)
            let order = try await Self.order(fixture)
            #expect(Array(order.prefix(4)) == ["big", "big", "big", "big"])
            #expect(
                Array(order.dropFirst(4)) == ["small", "almost", "big", "small", "almost", "big", "small", "almost"]
            )
        }
    }

    @Test func `all jobs go, each once, by several at a time`() async throws {
        try await JobFixture.with(slots: 5) { fixture in
            for key in 0..<30 { _ = try await Self.enqueue(key % 7 + 1, key: "key \(key)", fixture) }
            let total = try await fixture.database.count("SELECT count(*) FROM jobs")
            while try await fixture.database.count("SELECT count(*) FROM jobs WHERE state <> 'succeeded'") > 0 {
                async let one = fixture.dispatcher.dispatch()
                async let other = fixture.dispatcher.dispatch()
                _ = try await (one, other)
                #expect(try await Self.work(fixture) <= 10)
            }
            #expect(try await Self.order(fixture).count == Int(total))
            #expect(try await fixture.published().count == Int(total))
            #expect(try await fixture.database.count("SELECT count(*) FROM held_messages") == 0)
        }
    }

    @Test func `a key has no more jobs under way than its limit, those that wait for a retry counted`() async throws {
        try await JobFixture.with(slots: 20, limits: JobLimits(concurrency: 2)) { fixture in
            let a = try await Self.enqueue(5, key: "a", fixture)
            let b = try await Self.enqueue(1, key: "b", fixture)
            #expect(try await fixture.dispatcher.dispatch().dispatched == 3)
            #expect(try await fixture.states(a + b) == [.queued, .queued, .waiting, .waiting, .waiting, .queued])
            try await fixture.start(a[0])
            _ = try await fixture.database.pool.query(Jobs.retrying(a[0], attempts: 1))
            #expect(try await fixture.dispatcher.dispatch().dispatched == 0)
            try await fixture.succeed(a[0])
            #expect(try await fixture.dispatcher.dispatch().dispatched == 1)
            #expect(try await fixture.state(a[2]) == .queued)
        }
    }

    @Test func `a rate counts starts in its window, and says when to look again`() async throws {
        try await JobFixture.with(slots: 20, limits: JobLimits(rate: .init(count: 3, window: .seconds(60)))) {
            fixture in
            let ids = try await Self.enqueue(5, key: "a", fixture)
            let first = try await fixture.dispatcher.dispatch()
            #expect(first.dispatched == 3)
            for id in ids.prefix(3) { try await fixture.succeed(id) }
            let second = try await fixture.dispatcher.dispatch()
            #expect(second.dispatched == 0)
            let wait = try #require(second.next)
            #expect(wait > .seconds(30) && wait <= .seconds(60))
            _ = try await fixture.database.pool.query(
                SQLStatement(
                    "UPDATE jobs SET dispatched_at = now() - interval '61 seconds' WHERE id = $1",
                    [.text(ids[0])]
                )
            )
            #expect(try await fixture.dispatcher.dispatch().dispatched == 1)
        }
    }

    @Test func `where the strategy says so, the newest is cancelled, or those under way`() async throws {
        try await JobFixture.with(limits: JobLimits(concurrency: 1, strategy: .cancelNewest)) { fixture in
            let ids = try await Self.enqueue(3, key: "a", fixture)
            _ = try await fixture.dispatcher.dispatch()
            _ = try await fixture.dispatcher.dispatch()
            #expect(try await fixture.states(ids) == [.queued, .cancelled, .cancelled])
            #expect(try await fixture.jobs.get(ids[1])?.reason == "its key is at its limit")
        }
        try await JobFixture.with(limits: JobLimits(concurrency: 1, strategy: .cancelInProgress)) { fixture in
            let first = try await Self.enqueue(1, key: "a", fixture)[0]
            _ = try await fixture.dispatcher.dispatch()
            try await fixture.start(first)
            let second = try await Self.enqueue(1, key: "a", fixture)[0]
            _ = try await fixture.dispatcher.dispatch()
            #expect(try await fixture.states([first, second]) == [.cancelling, .waiting])
            try await fixture.succeed(first)
            #expect(try await fixture.state(first) == .cancelled)
            _ = try await fixture.dispatcher.dispatch()
            #expect(try await fixture.state(second) == .queued)
        }
    }

    @Test func `a job with a key waits for its time and its predecessors first`() async throws {
        try await JobFixture.with { fixture in
            let first = try await fixture.enqueue()
            let blocked = try await fixture.enqueue { job in
                job.key = "a"
                job.after = [first]
            }
            let scheduled = try await fixture.enqueue { job in
                job.key = "a"
                job.scheduledAt = 4_000_000_000_000_000
            }
            #expect(try await fixture.dispatcher.dispatch().dispatched == 0)
            #expect(try await fixture.states([blocked, scheduled]) == [.waiting, .scheduled])
            try await fixture.succeed(first)
            try await fixture.settle()
            #expect(try await fixture.dispatcher.dispatch().dispatched == 1)
            #expect(try await fixture.state(blocked) == .queued)
            _ = try await fixture.database.pool.query(SQLStatement("UPDATE jobs SET scheduled_at = now()"))
            _ = try await fixture.database.pool.query(KeyedJobs.arrive(limit: 10))
            #expect(try await fixture.dispatcher.dispatch().dispatched == 1)
        }
    }
}
