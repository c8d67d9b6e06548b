import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct UniqueJobTests {
    private static func unique(
        _ payload: String = #"{"order":1}"#,
        _ rule: JobUniqueness = JobUniqueness(fields: ["order"]),
        _ change: (inout NewJob) -> Void = { _ in }
    ) -> NewJob {
        JobFixture.new(payload) { job in
            job.unique = rule
            change(&job)
        }
    }

    @Test func `a second job with the same values is the first one, until that has ended`() async throws {
        try await JobFixture.with { fixture in
            let first = try #require(try await fixture.jobs.enqueue(Self.unique()).job)
            let second = try await fixture.jobs.enqueue(Self.unique(#"{"order":1,"more":true}"#))
            #expect(second == .duplicate(try #require(try await fixture.jobs.get(first.id))))
            let other = try await fixture.jobs.enqueue(Self.unique(#"{"order":2}"#))
            guard case .created = other else { return #expect(Bool(false), "\(other)") }
            try await fixture.start(first.id)
            guard case .duplicate = try await fixture.jobs.enqueue(Self.unique()) else {
                return #expect(Bool(false), "a job that runs holds its key")
            }
            try await fixture.succeed(first.id)
            guard case .created(let next) = try await fixture.jobs.enqueue(Self.unique()) else {
                return #expect(Bool(false), "an end frees the key")
            }
            #expect(next.id != first.id)
            #expect(try await fixture.published().count == 3)
        }
    }

    @Test func `another caller's jobs have keys of their own`() async throws {
        try await JobFixture.with { fixture in
            _ = try await fixture.jobs.enqueue(Self.unique())
            let other = try await fixture.jobs.enqueue(Self.unique { $0.createdBy = "key:2" })
            guard case .created = other else { return #expect(Bool(false), "\(other)") }
        }
    }

    @Test func `a job is replaced before it starts, and its message is taken back; after that the new one is refused`()
        async throws
    {
        try await JobFixture.with { fixture in
            let rule = JobUniqueness(fields: ["order"], onConflict: .replace)
            let first = try #require(try await fixture.jobs.enqueue(Self.unique(#"{"order":1,"v":1}"#, rule)).job)
            let outcome = try await fixture.jobs.enqueue(Self.unique(#"{"order":1,"v":2}"#, rule))
            guard case .replaced(let second, former: first.id) = outcome else {
                return #expect(Bool(false), "\(outcome)")
            }
            let replaced = try #require(try await fixture.jobs.get(first.id))
            #expect(replaced.state == .cancelled)
            #expect(replaced.reason == "replaced by \(second.id)")
            #expect(try await fixture.published() == [second.id])
            try await fixture.start(second.id)
            let refused = try await fixture.jobs.enqueue(Self.unique(#"{"order":1,"v":3}"#, rule))
            #expect(refused == .refused(.uniqueKeyHeld(by: second.id)))
            #expect(try await fixture.state(second.id) == .running)
        }
    }

    @Test func `of jobs that are stored together the last replaces those before it, and only its message goes out`()
        async throws
    {
        try await JobFixture.with { fixture in
            let rule = JobUniqueness(fields: ["order"], onConflict: .replace)
            let jobs = (1...4).map { Self.unique("{\"order\":1,\"v\":\($0)}", rule) }
            let outcomes = try await fixture.jobs.enqueue(jobs)
            let last = try #require(outcomes.last?.job)
            #expect(
                try await fixture.states(outcomes.compactMap { $0.job?.id }) == [
                    .cancelled, .cancelled, .cancelled, .queued,
                ]
            )
            #expect(try await fixture.published() == [last.id])
        }
    }

    @Test func `a job that is refused leaves its idempotency key free, and one that is found gives it to that`()
        async throws
    {
        try await JobFixture.with { fixture in
            let key = IdempotencyKey(caller: "key:1", text: "k", fingerprint: [1])
            let first = try #require(try await fixture.jobs.enqueue(Self.unique()).job)
            let rejecting = JobUniqueness(fields: ["order"], onConflict: .reject)
            let refused = try await fixture.jobs.enqueue(
                Self.unique(#"{"order":1}"#, rejecting) { $0.idempotencyKey = key }
            )
            #expect(refused == .refused(.uniqueKeyHeld(by: first.id)))
            let found = try await fixture.jobs.enqueue(Self.unique { $0.idempotencyKey = key })
            #expect(found.job?.id == first.id)
            let again = try await fixture.jobs.enqueue(Self.unique { $0.idempotencyKey = key })
            guard case .existing(let job) = again else { return #expect(Bool(false), "\(again)") }
            #expect(job.id == first.id)
        }
    }

    @Test func `a period is held after the end too, and freed by the enqueue that comes when it is over`() async throws
    {
        try await JobFixture.with { fixture in
            let rule = JobUniqueness(fields: ["order"], period: .seconds(3_600))
            let first = try #require(try await fixture.jobs.enqueue(Self.unique(#"{"order":1}"#, rule)).job)
            try await fixture.start(first.id)
            try await fixture.succeed(first.id)
            guard case .duplicate = try await fixture.jobs.enqueue(Self.unique(#"{"order":1}"#, rule)) else {
                return #expect(Bool(false), "the period is not over")
            }
            _ = try await fixture.database.pool.query(
                SQLStatement("UPDATE jobs SET unique_until = now() - interval '1 second'")
            )
            guard case .created = try await fixture.jobs.enqueue(Self.unique(#"{"order":1}"#, rule)) else {
                return #expect(Bool(false), "the period is over")
            }
        }
    }

    @Test func `a key that is held until the start alone is free while the job runs`() async throws {
        try await JobFixture.with { fixture in
            let rule = JobUniqueness(states: [.scheduled, .waiting, .queued])
            let first = try #require(try await fixture.jobs.enqueue(Self.unique(#"{"order":1}"#, rule)).job)
            try await fixture.start(first.id)
            guard case .created(let second) = try await fixture.jobs.enqueue(Self.unique(#"{"order":1}"#, rule)) else {
                return #expect(Bool(false), "it has started")
            }
            #expect(second.id != first.id)
        }
    }

    @Test func `however many enqueue at once, one job is open`() async throws {
        try await JobFixture.with { fixture in
            let ids = try await withThrowingTaskGroup(of: [EnqueueOutcome].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var outcomes: [EnqueueOutcome] = []
                        for _ in 0..<10 {
                            // In two orders, as of callers that know nothing of one another.
                            let orders = Bool.random() ? [1, 2, 3] : [3, 2, 1]
                            let jobs = orders.map { Self.unique("{\"order\":\($0)}") }
                            do {
                                outcomes += try await fixture.jobs.enqueue(jobs)
                            } catch let error as PostgresError where error.isRetriable {
                                continue
                            }
                        }
                        return outcomes
                    }
                }
                return try await group.reduce(into: Set<String>()) { ids, outcomes in
                    ids.formUnion(outcomes.compactMap { $0.job?.id })
                }
            }
            #expect(ids.count == 3)
            #expect(try await fixture.database.count("SELECT count(*) FROM jobs") == 3)
            #expect(try await fixture.published().count == 3)
        }
    }
}
