import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Testing

@testable import FlotillaJobs

@Suite(.enabled(if: TestDatabase.isAvailable))
struct JobBatchTests {
    private static func batch(_ fixture: JobFixture) async throws -> String {
        try await fixture.batches.create(name: "tests", createdBy: "key:1", correlationID: "c").id
    }

    private static func members(_ count: Int, of batch: String, _ fixture: JobFixture) async throws -> [String] {
        let jobs = (0..<count).map { _ in JobFixture.new { $0.batch = batch } }
        return try await fixture.jobs.enqueue(jobs).compactMap { $0.job?.id }
    }

    @Test func `a batch is complete once it is closed and all have ended, and says so once`() async throws {
        try await JobFixture.with { fixture in
            let batch = try await Self.batch(fixture)
            let ids = try await Self.members(40, of: batch, fixture)
            for id in ids.dropLast() { try await fixture.succeed(id) }
            try await fixture.settle()
            #expect(try await fixture.batches.close(batch))
            try await fixture.settle()
            #expect(try await fixture.events() == [])
            try await fixture.succeed(ids[39])
            try await fixture.settle()
            #expect(try await fixture.events() == ["batch.completed", "batch.succeeded"])
            let found = try #require(try await fixture.batches.get(batch))
            #expect(found.completedAt != nil && found.succeededAt != nil && found.diedAt == nil)
            #expect(found.total == 40 && found.ended == 40)
            _ = try await fixture.batches.close(batch)
            try await fixture.settle()
            #expect(try await fixture.events().count == 2)
        }
    }

    @Test func `an empty batch is complete as soon as it is closed`() async throws {
        try await JobFixture.with { fixture in
            let batch = try await Self.batch(fixture)
            _ = try await fixture.batches.close(batch)
            try await fixture.settle()
            #expect(try await fixture.events() == ["batch.completed", "batch.succeeded"])
        }
    }

    @Test func `a death is told once, an end with deaths is no success, and a job that is sent back may make it one`()
        async throws
    {
        try await JobFixture.with { fixture in
            let batch = try await Self.batch(fixture)
            let ids = try await Self.members(3, of: batch, fixture)
            _ = try await fixture.batches.close(batch)
            try await fixture.die(ids[0])
            try await fixture.settle()
            try await fixture.die(ids[1])
            try await fixture.settle()
            #expect(try await fixture.events() == ["batch.died"])
            try await fixture.succeed(ids[2])
            try await fixture.settle()
            #expect(try await fixture.events() == ["batch.died", "batch.completed"])
            _ = try await fixture.database.pool.query(Jobs.requeued(Array(ids.prefix(2))))
            try await fixture.succeed(ids[0], ids[1])
            try await fixture.settle()
            #expect(try await fixture.events() == ["batch.died", "batch.completed", "batch.succeeded"])
        }
    }

    @Test func `cancelled and expired jobs have ended; an expired one is no success`() async throws {
        try await JobFixture.with { fixture in
            let cancelled = try await Self.batch(fixture)
            let ids = try await Self.members(2, of: cancelled, fixture)
            #expect(try await fixture.jobs.cancel(ids[0]) == .cancelled)
            try await fixture.succeed(ids[1])
            _ = try await fixture.batches.close(cancelled)
            try await fixture.settle()
            #expect(try await fixture.events() == ["batch.completed", "batch.succeeded"])

            let expired = try await Self.batch(fixture)
            let late = try await fixture.enqueue { job in
                job.batch = expired
                job.expiresAt = 1
            }
            _ = try await fixture.batches.close(expired)
            _ = try await fixture.database.pool.query(Jobs.expire(limit: 10))
            #expect(try await fixture.state(late) == .expired)
            try await fixture.settle()
            #expect(try await fixture.events().suffix(1) == ["batch.completed"])
            #expect(try await fixture.batches.get(expired)?.succeededAt == nil)
        }
    }

    @Test func `only a member that runs adds to a closed batch, and nobody to another's`() async throws {
        try await JobFixture.with { fixture in
            let batch = try await Self.batch(fixture)
            let member = try await Self.members(1, of: batch, fixture)[0]
            let foreign = JobFixture.new { job in
                job.batch = batch
                job.createdBy = "key:2"
            }
            #expect(try await fixture.jobs.enqueue(foreign) == .refused(.unknownBatch(batch)))
            _ = try await fixture.batches.close(batch)
            let outside = JobFixture.new { $0.batch = batch }
            #expect(try await fixture.jobs.enqueue(outside) == .refused(.closedBatch(batch)))
            let inside = JobFixture.new { job in
                job.batch = batch
                job.parent = member
                job.createdBy = "worker:tests"
            }
            #expect(try await fixture.jobs.enqueue(inside) == .refused(.closedBatch(batch)))
            try await fixture.start(member)
            guard case .created(let added) = try await fixture.jobs.enqueue(inside) else {
                return #expect(Bool(false), "a member that runs adds members")
            }
            try await fixture.succeed(member)
            try await fixture.settle()
            #expect(try await fixture.events() == [])
            try await fixture.succeed(added.id)
            try await fixture.settle()
            #expect(try await fixture.events() == ["batch.completed", "batch.succeeded"])
            let late = JobFixture.new { job in
                job.batch = batch
                job.parent = member
            }
            #expect(try await fixture.jobs.enqueue(late) == .refused(.closedBatch(batch)))
        }
    }

    @Test func `a batch is cancelled as a whole, in steps`() async throws {
        try await JobFixture.with { fixture in
            let batch = try await Self.batch(fixture)
            let ids = try await Self.members(1_100, of: batch, fixture)
            try await fixture.succeed(ids[0])
            try await fixture.start(ids[1])
            var told: [Int] = []
            let count = try await BatchCancellation(fixture.database.pool).cancel(batch, because: "wrong") {
                told.append($0)
            }
            #expect(count == 1_099)
            #expect(told == [500, 1_000, 1_099])
            #expect(try await fixture.states(Array(ids.prefix(3))) == [.succeeded, .cancelling, .cancelled])
            // The messages of the two that were not cancelled at once: nobody has published them here.
            #expect(try await fixture.published() == [ids[0]])
            try await fixture.succeed(ids[1])
            #expect(try await fixture.state(ids[1]) == .cancelled)
            try await fixture.settle()
            #expect(try await fixture.events() == ["batch.completed", "batch.succeeded"])
        }
    }

    @Test func `the members of a batch stay until it is over, and a batch until its members are gone`() async throws {
        try await JobFixture.with { fixture in
            let batch = try await Self.batch(fixture)
            let ids = try await Self.members(2, of: batch, fixture)
            try await fixture.succeed(ids[0], ids[1])
            let old = "now() - interval '400 days'"
            _ = try await fixture.database.pool.query(SQLStatement("UPDATE jobs SET finished_at = \(old)"))
            #expect(try await fixture.database.pool.query(Jobs.prune()).affected == 0)
            _ = try await fixture.batches.close(batch)
            try await fixture.settle()
            _ = try await fixture.database.pool.query(SQLStatement("UPDATE job_batches SET completed_at = \(old)"))
            #expect(try await fixture.database.pool.query(Jobs.pruneBatches(.init())).affected == 0)
            #expect(try await fixture.database.pool.query(Jobs.prune()).affected == 2)
            #expect(try await fixture.database.pool.query(Jobs.pruneBatches(.init())).affected == 1)
        }
    }
}
