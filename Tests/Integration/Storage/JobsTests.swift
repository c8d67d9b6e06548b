import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct JobsTests {
    private let payload = Array(#"{"a":1}"#.utf8)

    @Test func `a job and its message are stored together`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let jobs = Jobs(database.pool)
            var new = NewJob(type: "audit.write", payload: payload)
            new.correlationID = "c1"
            guard case .created(let job) = try await jobs.enqueue(new) else {
                Issue.record("the job is not new")
                return
            }
            let stored = try await jobs.get(job.id)
            #expect(stored == job)
            let rows = try await database.pool.transaction { transaction in
                try await transaction.pipeline(Outbox.claim(limit: 10)).flatMap(Outbox.claimed)
            }
            let message = try #require(try rows.first?.message.get())
            #expect(message.exchange == "fleet.direct")
            #expect(message.routingKey == "audit.write")
            #expect(message.message.body == payload)
            #expect(message.message.properties.messageID == job.id)
            #expect(message.message.properties.type == "audit.write")
            #expect(message.message.headers[FleetHeader.jobID] == .string(job.id))
            #expect(rows.first?.jobID == job.id)
        }
    }

    private static func key(_ fingerprint: UInt8) -> IdempotencyKey {
        IdempotencyKey(caller: "key:a", text: "k", fingerprint: [fingerprint])
    }

    @Test func `an idempotency key gives the same job for the same content and a conflict for another`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let jobs = Jobs(database.pool)
            let first = NewJob(type: "a.b", payload: payload, idempotencyKey: Self.key(1))
            guard case .created(let job) = try await jobs.enqueue(first) else {
                Issue.record("the job is not new")
                return
            }
            let again = try await jobs.enqueue(first)
            #expect(again == .existing(job))
            let other = NewJob(type: "a.b", payload: [], idempotencyKey: Self.key(2))
            let outcomes = try await jobs.enqueue([other, NewJob(type: "a.b", payload: payload), first])
            #expect(outcomes[0] == .conflict(resource: job.id))
            guard case .created = outcomes[1] else {
                Issue.record("a job without a key is always new")
                return
            }
            #expect(outcomes[2] == .existing(job))
            let stored = try await database.count("SELECT count(*) FROM outbox")
            #expect(stored == 2)
        }
    }

    @Test func `fifty concurrent enqueues with one key make one job`() async throws {
        try await TestDatabase.with(size: 8, migrated: true) { database in
            let jobs = Jobs(database.pool)
            let job = NewJob(type: "a.b", payload: payload, idempotencyKey: Self.key(1))
            let outcomes = try await withThrowingTaskGroup(of: EnqueueOutcome.self) { group in
                for _ in 0..<50 { group.addTask { try await jobs.enqueue(job) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { if case .created = $0 { true } else { false } } == 1)
            #expect(outcomes.count { if case .existing = $0 { true } else { false } } == 49)
            let stored = try await database.count("SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM outbox)")
            #expect(stored == 2)
        }
    }

    @Test func `a final state stays, and a cancelled job can't be started`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let jobs = Jobs(database.pool)
            guard case .created(let job) = try await jobs.enqueue(NewJob(type: "a.b", payload: payload)),
                case .created(let other) = try await jobs.enqueue(NewJob(type: "a.b", payload: payload))
            else {
                Issue.record("the jobs are not new")
                return
            }
            let isCancelled = try await jobs.cancel(job.id) != nil
            #expect(isCancelled)
            let results = try await database.pool.pipeline([
                Jobs.start([job.id: 1, other.id: 2]),
                Jobs.succeeded(job.id, attempts: 1, result: nil),
                Jobs.succeeded(other.id, attempts: 2, result: #"{"done": true}"#),
                Jobs.dead(other.id, attempts: 3, failure: Failure(type: "t", message: "m", isPermanent: true)),
            ])
            #expect(Jobs.ended(results[0], of: [job.id, other.id]) == [job.id])
            #expect(results[1...].map(\.affected) == [0, 1, 0])
            let stored = try await jobs.get(other.id)
            #expect(stored?.state == .succeeded)
            #expect(stored?.attempts == 2)
            #expect(stored?.result == #"{"done": true}"#)
            #expect(stored?.finishedAt != nil)
            let isCancelledAgain = try await jobs.cancel(other.id) != nil
            #expect(!isCancelledAgain)
            let messages = try await database.pool.query(SQLStatement("SELECT job_id FROM outbox"))
            #expect(messages.map { $0.text(0) } == [other.id])
        }
    }

    @Test func `a dead job keeps its error and can be queued again`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let jobs = Jobs(database.pool)
            guard case .created(let job) = try await jobs.enqueue(NewJob(type: "a.b", payload: payload)) else {
                Issue.record("the job is not new")
                return
            }
            let failure = Failure(type: "timeout", message: "30 s \u{0} are over", isPermanent: false)
            _ = try await database.pool.query(Jobs.dead(job.id, attempts: 3, failure: failure))
            let dead = try await jobs.get(job.id)
            #expect(dead?.state == .dead)
            #expect(dead?.errorMessage == "30 s  are over")
            _ = try await database.pool.query(Jobs.requeued([job.id]))
            let queued = try await jobs.get(job.id)
            #expect(queued?.state == .queued)
            #expect(queued?.attempts == 0)
        }
    }

    @Test func `a record has the first start, the newest attempt, and that the next is waited for`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let jobs = Jobs(database.pool)
            guard case .created(let job) = try await jobs.enqueue(NewJob(type: "a.b", payload: payload)) else {
                Issue.record("the job is not new")
                return
            }
            _ = try await database.pool.query(Jobs.start([job.id: 1]))
            let first = try #require(try await jobs.get(job.id))
            #expect(first.state == .running && first.attempts == 1 && first.startedAt != nil)
            _ = try await database.pool.query(Jobs.retrying(job.id, attempts: 1))
            let waiting = try #require(try await jobs.get(job.id))
            #expect(waiting.state == .retrying && waiting.attempts == 1)
            _ = try await database.pool.query(Jobs.start([job.id: 2]))
            // The first attempt's note comes late.
            _ = try await database.pool.query(Jobs.retrying(job.id, attempts: 1))
            let second = try #require(try await jobs.get(job.id))
            #expect(second.state == .running && second.attempts == 2 && second.startedAt == first.startedAt)
        }
    }

    @Test func `an end without a start on record has one all the same`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let jobs = Jobs(database.pool)
            guard case .created(let job) = try await jobs.enqueue(NewJob(type: "a.b", payload: payload)) else {
                Issue.record("the job is not new")
                return
            }
            _ = try await database.pool.query(Jobs.succeeded(job.id, attempts: 1, result: nil))
            let done = try await jobs.get(job.id)
            #expect(done?.startedAt != nil)
        }
    }

    @Test func `processes that start, publish and carry out the same jobs in any order do not deadlock`() async throws {
        try await TestDatabase.with(size: 8, migrated: true) { database in
            let jobs = Jobs(database.pool)
            let later = NewJob(type: "a.b", payload: payload, scheduledAt: 4_000_000_000_000_000)
            let created = try await jobs.enqueue(Array(repeating: later, count: 40))
            let ids = created.compactMap { if case .created(let job) = $0 { job.id } else { nil } }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for round in 0..<60 {
                    let some = Array(ids.shuffled().prefix(20))
                    let attempts = [String: Int](some.map { ($0, 1) }) { $1 }
                    group.addTask {
                        switch round % 3 {
                        case 0: _ = try await database.pool.query(Jobs.queued(some))
                        case 1: _ = try await database.pool.query(Jobs.start(attempts))
                        default: _ = try await database.pool.query(Jobs.claimEffects(of: some))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let started = try await jobs.list(JobFilter(state: .running))
            #expect(Set(started.map(\.id)) == Set(ids))
        }
    }

    @Test func `ids that nobody made find no job and disturb no other`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let jobs = Jobs(database.pool)
            guard case .created(let job) = try await jobs.enqueue(NewJob(type: "a.b", payload: payload)) else {
                Issue.record("the job is not new")
                return
            }
            let odd = ["", "a\u{0}b", "ab", "e\u{301}", "\u{e9}", "'; --"]
            var attempts = [String: Int](odd.map { ($0, 1_000_000_001) }) { $1 }
            attempts[job.id] = 1
            let result = try await database.pool.query(Jobs.start(attempts))
            #expect(Jobs.ended(result, of: attempts.keys).isEmpty)
            let started = try await jobs.get(job.id)
            #expect(started?.state == .running)
        }
    }

    @Test func `a list is filtered and paged from the newest on`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let jobs = Jobs(database.pool)
            var ids: [String] = []
            for number in 0..<7 {
                var new = NewJob(type: number % 2 == 0 ? "even.run" : "odd.run", payload: payload)
                new.correlationID = "100%_\(number)"
                if number == 6 { new.scheduledAt = 4_000_000_000_000_000 }
                guard case .created(let job) = try await jobs.enqueue(new) else { continue }
                ids.append(job.id)
            }
            let first = try await jobs.list(JobFilter(limit: 3))
            #expect(first.map(\.id) == Array(ids.sorted().reversed().prefix(3)))
            let second = try await jobs.list(JobFilter(after: first.last?.id, limit: 10))
            #expect(second.map(\.id) == Array(ids.sorted().reversed().dropFirst(3)))
            let even = try await jobs.list(JobFilter(types: ["even.run"]))
            #expect(even.count == 4)
            let scheduled = try await jobs.list(JobFilter(state: .scheduled))
            #expect(scheduled.map(\.id) == [ids[6]])
            let found = try await jobs.list(JobFilter(text: "100%_3"))
            #expect(found.map(\.id) == [ids[3]])
            let none = try await jobs.list(JobFilter(text: "100__3"))
            #expect(none.isEmpty)
        }
    }
}
