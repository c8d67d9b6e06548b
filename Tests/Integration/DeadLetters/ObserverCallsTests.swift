@testable import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Synchronization
import Testing
import Workers

/// How observers are called when what is new and what is tried again come at the same time.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct ObserverCallsTests {
    /// Waits in its first call until it is told to go on, and answers the others at once.
    private final class SlowObserver: DeadLetterObserver {
        let queues: Set<String> = ["a"]
        private let state = Mutex((calls: 0, isWaiting: true))

        var calls: Int { state.withLock { $0.calls } }

        func goOn() { state.withLock { $0.isWaiting = false } }

        func stored(_ deadLetters: [DeadMessage], in transaction: DeadLetterTransaction) async throws {
            let isFirst = state.withLock { state in
                state.calls += 1
                return state.calls == 1
            }
            while isFirst, state.withLock(\.isWaiting) { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    private func deadLetter() -> DeadLetter {
        let delivery = Delivery(
            message: Message(body: []),
            queue: "dlq.a",
            exchange: "",
            routingKey: "dlq.a",
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
        return DeadLetter(delivery)
    }

    @Test(arguments: [false, true])
    func `an observer that is being called, and is in time, is called beside it`(isRetryFirst: Bool) async throws {
        try await TestDatabase.with(migrated: true) { database in
            let observer = SlowObserver()
            let calls = ObserverCalls(
                [observer],
                DeadLetterStore(database.pool),
                eventExchange: "fleet.topic",
                timeout: .seconds(60)
            )
            let letter = deadLetter()
            #expect(observer.queues.contains(letter.queue))
            async let first = calls.tell([letter], isRetry: isRetryFirst)
            try await eventually("it is being called") { observer.calls == 1 }
            let left = try await calls.tell([letter], isRetry: !isRetryFirst)
            #expect(left == [:])
            #expect(observer.calls == 2)
            observer.goOn()
            let answer = try await first
            #expect(answer == [:])
        }
    }

    @Test func `one that is late is left alone as long as its call runs`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let observer = SlowObserver()
            let calls = ObserverCalls(
                [observer],
                DeadLetterStore(database.pool),
                eventExchange: "fleet.topic",
                timeout: .milliseconds(20)
            )
            let left = try await calls.tell([deadLetter()], isRetry: false)
            #expect(left[0]?.contains("took longer than") == true)
            #expect(try await calls.tell([deadLetter()], isRetry: true).count == 1)
            #expect(observer.calls == 1)
        }
    }
}
