import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

@testable import FlotillaJobs
@testable import Workers

/// Figures of docs/06-performance.md, measured with `FLOTILLA_LOAD=yes` on a machine with nothing else to do: it takes minutes.
@Suite(
    .enabled(if: TestDatabase.isAvailable && ProcessInfo.processInfo.environment["FLOTILLA_LOAD"] == "yes"),
    .serialized
)
struct JobLoadTests {
    @Test func `ten jobs of a second key start soon, although the first key has fifty thousand`() async throws {
        let worker = Clocked(pause: .milliseconds(200))
        try await JobFleet.with(worker, slots: 16) { fixture in
            _ = try await fixture.enqueue(50_000, key: "large")
            try await eventually("the first key is under way") { worker.starts.withLock { $0.count } > 64 }
            let begin = ContinuousClock.now
            let ids = Set(try await fixture.enqueue(10, key: "small"))
            try await eventually("all ten have started", within: .seconds(120)) {
                worker.starts.withLock { starts in ids.allSatisfy { starts[$0] != nil } }
            }
            let waits = worker.starts.withLock { starts in ids.compactMap { starts[$0].map { $0 - begin } } }
                .sorted()
            print("ten jobs of 200 ms behind 50,000 start after \(waits.map { $0.milliseconds }) ms")
            #expect(waits.last ?? .zero < .milliseconds(650))
        }
    }

    @Test func `a key never has more under way than its limit`() async throws {
        let worker = Clocked(pause: .milliseconds(20))
        try await JobFleet.with(worker, slots: 16, limits: JobLimits(concurrency: 3)) { fixture in
            let ids = Set(try await fixture.enqueue(400, key: "one"))
            try await eventually("400 have started", within: .seconds(120)) {
                worker.starts.withLock { starts in ids.allSatisfy { starts[$0] != nil } }
            }
            #expect(worker.most.load(ordering: .relaxed) == 3)
        }
    }

    @Test func `a key starts as often as its rate allows`() async throws {
        let limits = JobLimits(rate: .init(count: 40, window: .seconds(4)))
        let worker = Clocked(pause: .milliseconds(20))
        try await JobFleet.with(worker, slots: 16, limits: limits) { fixture in
            let ids = Set(try await fixture.enqueue(400, key: "one"))
            try await eventually("400 have started", within: .seconds(120)) {
                worker.starts.withLock { starts in ids.allSatisfy { starts[$0] != nil } }
            }
            let starts = try await fixture.database.pool.query(
                SQLStatement(
                    "SELECT extract(epoch FROM dispatched_at)::double precision FROM jobs ORDER BY dispatched_at"
                )
            ).compactMap { $0.double(0) }
            for index in starts.indices.dropFirst(40) { #expect(starts[index] - starts[index - 40] >= 4) }
            let seconds = (starts.last ?? 0) - (starts.first ?? 0)
            // 360 starts after the first 40, 40 in each 4 s.
            print("400 starts at 40 in 4 s took \(seconds) s; 36 s at the rate")
            #expect(seconds < 36 * 1.01)
        }
    }

    @Test func `a batch of a hundred thousand with deaths and cancellations is told of once`() async throws {
        try await JobFixture.with { fixture in
            let batch = try await fixture.batches.create(name: nil, createdBy: "key:1", correlationID: nil).id
            for _ in 0..<200 {
                _ = try await fixture.jobs.enqueue((0..<500).map { _ in JobFixture.new { $0.batch = batch } })
            }
            let begin = ContinuousClock.now
            let states = [("succeeded", 0..<90), ("dead", 90..<95), ("cancelled", 95..<100)]
            for (state, share) in states {
                try await fixture.database.execute(
                    """
                    UPDATE jobs SET state = '\(state)', finished_at = now()
                    WHERE abs(hashtext(id)) % 100 BETWEEN \(share.lowerBound) AND \(share.upperBound - 1)
                    """
                )
            }
            _ = try await fixture.batches.close(batch)
            try await fixture.settleInSteps()
            let dead = try await fixture.database.pool.query(
                SQLStatement("SELECT id FROM jobs WHERE state = 'dead'")
            ).compactMap { $0.text(0) }
            _ = try await fixture.database.pool.query(Jobs.requeued(dead))
            try await fixture.database.execute(
                "UPDATE jobs SET state = 'succeeded', finished_at = now() WHERE state = 'queued'"
            )
            try await fixture.settleInSteps()
            print("a batch of 100,000: \(ContinuousClock.now - begin) for its ends and \(dead.count) requeued")
            #expect(try await fixture.events() == ["batch.died", "batch.completed", "batch.succeeded"])
        }
    }

    @Test func `the table of jobs does not grow while as many end as are forgotten`() async throws {
        try await JobFixture.with { fixture in
            try await fixture.database.execute(
                """
                INSERT INTO jobs (id, type, state, payload, enqueued_at, started_at, finished_at, attempts)
                SELECT gen_random_uuid()::text, 'test.run', 'succeeded', '{"event":"a.b","n":12345}', now() - interval '31 days',
                    now() - interval '31 days', now() - interval '31 days', 1 FROM generate_series(1, 1000000)
                """
            )
            let before = try await fixture.size()
            var alone: [Duration] = []
            var beside: [Duration] = []
            for round in 0..<400 {
                if round >= 100 { _ = try await fixture.database.pool.query(Jobs.prune(limit: 500)) }
                let begin = ContinuousClock.now
                let ids = try await fixture.jobs.enqueue((0..<500).map { _ in JobFixture.new() }).compactMap {
                    $0.job?.id
                }
                if round < 100 { alone.append(.now - begin) } else { beside.append(.now - begin) }
                try await fixture.database.execute(
                    "UPDATE jobs SET state = 'succeeded', finished_at = now() - interval '31 days' WHERE state = 'queued'"
                )
                try await fixture.database.execute("TRUNCATE outbox")
                _ = ids
                if round % 100 == 99 { try await fixture.database.execute("VACUUM jobs") }
            }
            let after = try await fixture.size()
            print(
                "1,000,000 finished jobs: \(before / 1_048_576) MB before, \(after / 1_048_576) MB after 200,000 more, enqueueing 500: "
                    + "\(alone.sorted()[alone.count / 2].milliseconds) ms alone, "
                    + "\(beside.sorted()[beside.count / 2].milliseconds) ms beside the pruning"
            )
            #expect(Double(after) < Double(before) * 1.25)
        }
    }
}

extension JobFixture {
    fileprivate func size() async throws -> Int {
        Int(try await database.count("SELECT pg_total_relation_size('jobs')"))
    }

    fileprivate func settleInSteps() async throws {
        while try await ends.process(upTo: 500) {}
    }
}

/// Notes when jobs start, and how many run at a time.
private final class Clocked: Worker {
    struct Payload: Decodable, Sendable {}

    static let name = "clocked"

    let pause: Duration
    let starts = Mutex<[String: ContinuousClock.Instant]>([:])
    let running = Atomic(0)
    let most = Atomic(0)

    init(pause: Duration) { self.pause = pause }

    func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
        let now = ContinuousClock.now
        starts.withLock { $0[context.messageID] = now }
        let count = running.add(1, ordering: .relaxed).newValue
        if count > most.load(ordering: .relaxed) { most.store(count, ordering: .relaxed) }
        try await Task.sleep(for: pause)
        running.subtract(1, ordering: .relaxed)
        return .done
    }
}

extension JobFleet {
    fileprivate func enqueue(_ count: Int, key: String) async throws -> [String] {
        var ids: [String] = []
        while ids.count < count {
            let jobs = (0..<min(1_000, count - ids.count)).map { _ in
                var job = NewJob(type: Self.type, payload: Array("{}".utf8))
                job.key = key
                return job
            }
            ids += try await self.jobs.enqueue(jobs).compactMap { $0.job?.id }
        }
        return ids
    }
}
