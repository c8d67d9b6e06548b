import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Testing

@testable import Workers

/// A cancellation against an effect: one of them wins, whichever comes when.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct JobCancellationTests {
    /// A database with jobs, and where the effects of their handlers are seen.
    private struct Fixture: Sendable {
        let database: TestDatabase
        let jobs: Jobs

        static func with(_ body: (Fixture) async throws -> Void) async throws {
            try await TestDatabase.with(size: 12, migrated: true) { database in
                _ = try await database.pool.query(SQLStatement("CREATE TABLE effects (id text NOT NULL)"))
                try await body(Fixture(database: database, jobs: Jobs(database.pool)))
            }
        }

        func enqueue(_ count: Int) async throws -> [String] {
            let job = NewJob(type: "a.b", payload: Array("{}".utf8))
            let outcomes = try await jobs.enqueue(Array(repeating: job, count: count))
            return outcomes.compactMap { if case .created(let job) = $0 { job.id } else { nil } }
        }

        func input(_ id: String, isJob: Bool = true) -> HandlerHarness.Input {
            HandlerHarness.Input(id: id, event: "a.b", body: "{}", jobID: isJob ? id : nil)
        }

        func harness(_ cancels: EffectWorker.Cancellation) -> HandlerHarness {
            HandlerHarness(EffectWorker(jobs: jobs, cancellation: cancels), queue: "s.a.b", database.pool)
        }

        func effects(of id: String) async throws -> Int {
            let rows = try await database.pool.query(
                SQLStatement("SELECT count(*) FROM effects WHERE id = $1", [.text(id)])
            )
            return Int(rows[0].int(0) ?? -1)
        }

        /// Expects that the job has either its effect or its cancellation, and that the latter said so.
        func expectOneWinner(_ id: String, _ isCancelled: Bool) async throws {
            let state = try await jobs.get(id)?.state
            let count = try await effects(of: id)
            #expect(
                isCancelled == (state == .cancelled || state == .cancelling),
                "\(id) is \(String(describing: state))"
            )
            #expect(count == (isCancelled ? 0 : 1), "\(id) is \(String(describing: state)) with \(count) effects")
        }
    }

    @Test func `of a cancellation and an effect at the same moment exactly one wins, every time`() async throws {
        try await Fixture.with { fixture in
            let harness = fixture.harness(.none)
            let ids = try await fixture.enqueue(1_000)
            let cancelled = try await withThrowingTaskGroup(of: (String, Bool).self) { group in
                var winners: [String: Bool] = [:]
                for (number, id) in ids.enumerated() {
                    if number >= 6, let (id, isCancelled) = try await group.next() { winners[id] = isCancelled }
                    group.addTask {
                        async let results = harness.handle([fixture.input(id)])
                        // A start moves the moment a little, every second time.
                        if number.isMultiple(of: 2) { _ = try await fixture.database.pool.query(Jobs.start([id: 1])) }
                        async let cancelled = fixture.jobs.cancel(id)
                        #expect(await results.areDone)
                        return (id, try await cancelled != nil)
                    }
                }
                for try await (id, isCancelled) in group { winners[id] = isCancelled }
                return winners
            }
            #expect(cancelled.count == ids.count)
            #expect(Set(cancelled.values) == [true, false], "the two never met")
            for (id, isCancelled) in cancelled { try await fixture.expectOneWinner(id, isCancelled) }
        }
    }

    @Test func `a job that was cancelled while its handler ran has no effect, and its handler is done`() async throws {
        try await Fixture.with { fixture in
            for id in try await fixture.enqueue(20) {
                _ = try await fixture.database.pool.query(Jobs.start([id: 1]))
                #expect(await fixture.harness(.beforeTransaction).handle([fixture.input(id)]).areDone)
                _ = try await fixture.database.pool.query(Jobs.succeeded(id, attempts: 1, result: nil))
                try await fixture.expectOneWinner(id, true)
            }
            let rows = try await fixture.database.count("SELECT count(*) FROM inbox")
            #expect(rows == 0)
        }
    }

    @Test func `a job whose effect is committed can't be cancelled, whatever becomes of its handler`() async throws {
        try await Fixture.with { fixture in
            for id in try await fixture.enqueue(20) {
                #expect(await fixture.harness(.afterTransaction).handle([fixture.input(id)]).areDone)
                _ = try await fixture.database.pool.query(Jobs.retrying(id, attempts: 1))
                #expect(try await fixture.jobs.cancel(id) == nil)
                try await fixture.expectOneWinner(id, false)
            }
        }
    }

    @Test func `cancelled members of a batch have no effect, and their neighbours have theirs`() async throws {
        try await Fixture.with { fixture in
            let harness = HandlerHarness(EffectBatchWorker(), queue: "s.a.b", fixture.database.pool)
            for round in 0..<20 {
                let ids = try await fixture.enqueue(30)
                let events = (0..<10).map { "event-\(round)-\($0)" }
                let inputs = ids.map { fixture.input($0) } + events.map { fixture.input($0, isJob: false) }
                async let handled = harness.handle(inputs.shuffled())
                let cancelled = try await withThrowingTaskGroup(of: (String, Bool).self) { group in
                    for id in ids.prefix(15) { group.addTask { (id, try await fixture.jobs.cancel(id) != nil) } }
                    return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
                #expect(await handled.areDone)
                for id in ids { try await fixture.expectOneWinner(id, cancelled[id] ?? false) }
                for event in events { #expect(try await fixture.effects(of: event) == 1) }
            }
        }
    }

    @Test func `a dead job has no late effect, and has it once it is sent back`() async throws {
        try await Fixture.with { fixture in
            let id = try await fixture.enqueue(1)[0]
            let failure = Failure(type: "timeout", message: "too late", isPermanent: false)
            _ = try await fixture.database.pool.query(Jobs.dead(id, attempts: 3, failure: failure))
            #expect(await fixture.harness(.none).handle([fixture.input(id)]).areDone)
            #expect(try await fixture.effects(of: id) == 0)
            _ = try await fixture.database.pool.query(Jobs.requeued([id]))
            #expect(await fixture.harness(.none).handle([fixture.input(id)]).areDone)
            #expect(try await fixture.effects(of: id) == 1)
        }
    }

    @Test func `a job that nobody enqueued has its effect like any message`() async throws {
        try await Fixture.with { fixture async throws in
            for (number, job) in ["unknown", "nul\u{0}", "", "e\u{301}"].enumerated() {
                var input = fixture.input("message-\(number)")
                input.jobID = job
                #expect(await fixture.harness(.none).handle([input]).areDone)
                #expect(try await fixture.effects(of: input.id) == 1)
            }
        }
    }
}

/// Has one row as its effect, and cancels its own job when it is told to.
private struct EffectWorker: Worker {
    enum Cancellation {
        case none, beforeTransaction, afterTransaction
    }

    struct Payload: Decodable, Sendable {}

    static let name = "effects"
    let jobs: Jobs
    let cancellation: Cancellation

    func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
        if cancellation == .beforeTransaction, let job = context.jobID { #expect(try await jobs.cancel(job) != nil) }
        _ = try await context.transaction { try await $0.execute(insert(context.messageID)) }
        if cancellation == .afterTransaction, let job = context.jobID { #expect(try await jobs.cancel(job) == nil) }
        return .done
    }
}

private struct EffectBatchWorker: BatchWorker {
    struct Payload: Decodable, Sendable {}

    static let name = "effects"

    func handle(_ items: [BatchItem<Payload>], in context: BatchContext) async throws -> [Outcome] {
        try await context.transaction { transaction in
            let fresh = zip(items, transaction.isFresh).filter(\.1).map(\.0)
            try await transaction.execute(fresh.map { insert($0.messageID) })
        }
        return items.map { _ in .done }
    }
}

private func insert(_ id: String) -> SQLStatement {
    SQLStatement("INSERT INTO effects (id) VALUES ($1)", [.text(id)])
}
