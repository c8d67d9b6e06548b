import FlotillaModels
import FlotillaStorage
import WorkerTestKit
@testable import Workers
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)))
struct SlowMessagesTests {
    private static func slow(_ wait: PostgresError.Wait) -> PostgresError {
        PostgresError(code: .deadline, operation: "insert", detail: "too slow", wait: wait)
    }

    private func identity(_ number: Int) -> MessageIdentity { MessageIdentity(high: 1, low: UInt64(number)) }

    @Test func `a message pays for slow work from the third time on`() {
        let messages = SlowMessages()
        let verdicts = (1...4).map { _ in messages.verdict(on: identity(1), waitingFor: .work) }
        #expect(verdicts == [.again, .again, .pays, .pays])
        #expect(messages.verdict(on: identity(2), waitingFor: .work) == .again)
    }

    @Test func `waiting for a lock is never paid for; others go on from the third time on`() {
        let messages = SlowMessages()
        let verdicts = (1...8).map { _ in messages.verdict(on: identity(1), waitingFor: .lock) }
        let waits = [2, 4, 8, 16, 30, 30].map { SlowMessages.Verdict.aside(.seconds($0)) }
        #expect(verdicts == [.again, .again] + waits)
        #expect((1...9).allSatisfy { _ in messages.verdict(on: identity(2), waitingFor: .connection) == .again })
    }

    @Test func `what was slow runs alone`() {
        let messages = SlowMessages()
        #expect(messages.isEmpty)
        _ = messages.verdict(on: identity(1), waitingFor: .work)
        _ = messages.verdict(on: identity(2), waitingFor: .lock)
        #expect(!messages.isEmpty)
        #expect(messages.largestBatch(of: identity(1)) == 1)
        #expect(
            messages.largestBatch(of: identity(2)) != 1,
            "a lock on a table would make a whole batch run one by one"
        )
        _ = messages.verdict(on: identity(2), waitingFor: .lock)
        #expect(messages.largestBatch(of: identity(2)) == 1)
        #expect(messages.largestBatch(of: identity(3)) != 1)
    }

    @Test func `pauses grow while tries wait in vain`() {
        let messages = SlowMessages()
        #expect((1...5).map { _ in messages.pause() } == [0.5, 1, 2, 4, 5].map { .seconds($0) })
    }

    @Test func `what is remembered is bounded, and forgetting gives more tries`() {
        let messages = SlowMessages(limit: 2)
        for _ in 1...2 { _ = messages.verdict(on: identity(1), waitingFor: .work) }
        for number in 2...3 { _ = messages.verdict(on: identity(number), waitingFor: .work) }
        #expect(messages.verdict(on: identity(1), waitingFor: .work) == .again)
    }

    @Test func `a slow message is tried twice more without an attempt, then as any failure`() async throws {
        let attempts = Mutex<[Int]>([])
        let fleet = try Parcels.fleet { _, context in
            attempts.withLock { $0.append(context.attempt) }
            throw Self.slow(.work)
        }
        try await fleet.publish("parcel.sent", body: Parcels.body(1), id: "a")
        try await fleet.waitUntilSettled(within: .seconds(60))
        #expect(attempts.withLock(\.self) == [1, 1, 1, 2, 3])
        #expect(fleet.deadLetters(of: Parcels.queue).map(\.errorType) == ["postgres"])
        try await fleet.shutdown()
    }

    @Test func `a message that waits for a lock five times spends no attempt`() async throws {
        let attempts = Mutex<[Int]>([])
        let fleet = try Parcels.fleet { _, context in
            let count = attempts.withLock { attempts in
                attempts.append(context.attempt)
                return attempts.count
            }
            if count <= 5 { throw Self.slow(.lock) }
            return .done
        }
        try await fleet.publish("parcel.sent", body: Parcels.body(1), id: "a")
        try await fleet.waitUntilSettled(within: .seconds(60))
        #expect(attempts.withLock(\.self) == [1, 1, 1, 1, 1, 1])
        #expect(fleet.statements.count == 1)
        #expect(fleet.deadLetters(of: Parcels.queue).isEmpty)
        try await fleet.shutdown()
    }

    @Test func `in a slow batch only the slow one is dead-lettered, and its neighbours spend no attempt`() async throws
    {
        let fleet = try TestFleet(topology: Parcels.topology) { statement in
            if statement.values.last == .int(666) { throw Self.slow(.work) }
            return 1
        }
        try fleet.register(ParcelBatchWorker())
        for number in 1...20 {
            let weight = number == 7 ? 666 : number
            try await fleet.publish("parcel.weighed", body: Parcels.body(weight), id: "p-\(number)")
        }
        try await fleet.waitUntilSettled(within: .seconds(60))
        #expect(fleet.statements.count == 19)
        let letters = fleet.deadLetters(of: Parcels.batchQueue)
        #expect(letters.map { $0.message.properties.messageID } == ["p-7"])
        #expect(letters.map(\.attempts) == [3])
        try await fleet.shutdown()
    }

    @Test func `the deadline of a transaction is a third of the handler's, ten seconds at most`() {
        func deadline(_ timeout: Duration) -> Duration {
            QueueRunner.transactionTimeout(
                of: QueueDefinition(name: "q.e", worker: "w", timeout: timeout),
                .seconds(10)
            )
        }
        #expect(deadline(.seconds(30)) == .seconds(10))
        #expect(deadline(.seconds(12)) == .seconds(4))
        #expect(deadline(.seconds(1_200)) == .seconds(10))
        #expect(deadline(.milliseconds(300)) == .seconds(1))
    }
}
