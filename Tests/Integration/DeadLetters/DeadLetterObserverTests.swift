import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Synchronization
import Testing
import Workers

/// An observer that fails or hangs holds back nothing, and gets its dead letters again.
@Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable))
struct DeadLetterObserverTests {
    private struct Refusal: Error {}

    /// Fails as long as it is told to, and notes the ids of the messages for which it has not.
    private final class Observer: DeadLetterObserver {
        let queues: Set<String>
        private let state: Mutex<(failure: (any Error)?, done: Set<String>)>

        init(_ queues: [String], failure: (any Error)? = nil) {
            self.queues = Set(queues)
            state = Mutex((failure, []))
        }

        var done: Set<String> { state.withLock { $0.done } }

        func recover() { state.withLock { $0.failure = nil } }

        func stored(_ deadLetters: [DeadMessage], in transaction: DeadLetterTransaction) async throws {
            try state.withLock { state in
                if let failure = state.failure { throw failure }
                state.done.formUnion(deadLetters.compactMap(\.messageID))
            }
        }
    }

    private func withKeeper(
        _ fixture: KeeperFixture,
        _ observers: [any DeadLetterObserver],
        timeout: Duration = .seconds(5),
        _ body: () async throws -> Void
    ) async throws {
        let keeper = Keeper(
            topology: fixture.topology,
            broker: fixture.rabbit,
            store: fixture.store,
            observers: observers,
            observerTimeout: timeout,
            log: Log(service: "test", threshold: .error, descriptor: -1)
        )
        let running = Task { await keeper.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        running.cancel()
        await running.value
        try result.get()
    }

    /// A keeper that ends gives back what it was about to acknowledge; the next one acknowledges it.
    private func expectAllAcknowledged(_ fixture: KeeperFixture, _ observers: [any DeadLetterObserver]) async throws {
        try await eventually("all are acknowledged", within: .seconds(30)) {
            for queue in fixture.topology.queues
            where try await fixture.broker.admin.queueDepth(queue.deadLetterQueue)?.ready != 0 {
                try await withKeeper(fixture, observers) { try await Task.sleep(for: .milliseconds(300)) }
                return false
            }
            return true
        }
    }

    /// Of the second one's errors Postgres says that another try may help.
    @Test(arguments: [
        Refusal() as any Error,
        PostgresError(code: .sqlState("57014"), operation: "observe", detail: "it took too long"),
    ])
    func `an observer that fails on and on keeps neither other observers nor other queues waiting`(
        _ failure: any Error
    ) async throws {
        try await KeeperFixture.with(["a", "b"]) { fixture in
            let names = fixture.topology.queues.map(\.name)
            let (failing, other) = (Observer([names[0]], failure: failure), Observer(names))
            try await withKeeper(fixture, [failing, other]) {
                try await fixture.publish((0..<3).map { fixture.deadLettered(fixture.message("a\($0)")) })
                try await eventually("the others know", within: .seconds(20)) { other.done.count == 3 }
                try await fixture.publish(
                    (0..<30).map { fixture.deadLettered(fixture.message("b\($0)"), in: fixture.topology.queues[1]) }
                )
                try await eventually("the other queue is filed", within: .seconds(20)) { other.done.count == 33 }
                #expect(try await fixture.store.count(DeadLetterFilter()).count == 33)
            }
            try await expectAllAcknowledged(fixture, [failing, other])
            #expect(try await fixture.database.count("SELECT count(*) FROM unsettled_dead_letters WHERE is_filed") == 3)
        }
    }

    /// Never returns, not even when it is cancelled, until it is told to.
    private final class HangingObserver: DeadLetterObserver {
        let queues: Set<String>
        private let state = Mutex((hangs: true, done: Set<String>()))

        init(_ queues: [String]) { self.queues = Set(queues) }

        var done: Set<String> { state.withLock { $0.done } }

        func recover() { state.withLock { $0.hangs = false } }

        func stored(_ deadLetters: [DeadMessage], in transaction: DeadLetterTransaction) async throws {
            while state.withLock(\.hangs) {
                await withCheckedContinuation { continuation in
                    Task.detached {
                        try await Task.sleep(for: .milliseconds(20))
                        continuation.resume()
                    }
                }
            }
            state.withLock { $0.done.formUnion(deadLetters.compactMap(\.messageID)) }
        }
    }

    @Test func `an observer that never returns stops neither the keeper nor other observers`() async throws {
        try await KeeperFixture.with(["a", "b"]) { fixture in
            let names = fixture.topology.queues.map(\.name)
            let (hanging, other) = (HangingObserver([names[0]]), Observer(names))
            try await withKeeper(fixture, [hanging, other], timeout: .milliseconds(500)) {
                try await fixture.publish((0..<60).map { fixture.deadLettered(fixture.message("a\($0)")) })
                try await fixture.publish(
                    (0..<60).map { fixture.deadLettered(fixture.message("b\($0)"), in: fixture.topology.queues[1]) }
                )
                try await eventually("the others know", within: .seconds(20)) { other.done.count == 120 }
                #expect(try await fixture.store.count(DeadLetterFilter()).count == 120)
                hanging.recover()
                try await eventually("it knows all in the end") { hanging.done.count == 60 }
                try await eventually("nothing is set aside any more") {
                    try await fixture.database.count("SELECT count(*) FROM unsettled_dead_letters") == 0
                }
            }
        }
    }

    @Test func `what an observer refused comes to it again, and is acknowledged then`() async throws {
        try await KeeperFixture.with { fixture in
            let observer = Observer([fixture.queue.name], failure: Refusal())
            try await withKeeper(fixture, [observer]) {
                try await fixture.publish((0..<25).map { fixture.deadLettered(fixture.message("m\($0)")) })
                try await eventually("some are filed") { try await fixture.store.count(DeadLetterFilter()).count > 0 }
                observer.recover()
                try await eventually("the observer knows all", within: .seconds(20)) { observer.done.count == 25 }
            }
            try await expectAllAcknowledged(fixture, [observer])
            #expect(try await fixture.store.count(DeadLetterFilter()).count == 25)
        }
    }

    @Test func `a copy that comes after the message was sent back does not end its job again`() async throws {
        try await KeeperFixture.with { fixture in
            let outcome = try await Jobs(fixture.database.pool).enqueue(NewJob(type: "a.b", payload: []))
            guard case .created(let job) = outcome else { throw Refusal() }
            var message = fixture.message("m")
            message.headers[FleetHeader.jobID] = .string(job.id)
            let dead = fixture.deadLettered(message)
            try await fixture.publish([dead])
            try await fixture.sweep.run()
            #expect(try await Jobs(fixture.database.pool).get(job.id)?.state == .dead)
            _ = try await fixture.store.requeue(DeadLetterFilter(), as: OperatorAction("requeue", by: "test"))
            try await fixture.publish([dead])
            #expect(try await fixture.sweep.run() == 1)
            #expect(try await Jobs(fixture.database.pool).get(job.id)?.state == .queued)
        }
    }
}
