import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import Workers
import Synchronization

/// Keeps effects in memory by the rules of Postgres: one commit for a consumer and message id, all of it or nothing.
///
/// It runs no SQL. A statement is kept as it is, and answers with the number of rows that the test gives it.
final class MemoryEffectStore: EffectStore {
    private struct Handled: Hashable {
        let consumer: String
        let messageID: String
    }

    private struct State {
        var handled: Set<Handled> = []
        /// Held by transactions that are under way, as Postgres holds a row that is being inserted.
        var claimed: Set<Handled> = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var statements: [SQLStatement] = []
        var events: [OutgoingMessage] = []
        var jobs: [OutgoingMessage] = []
    }

    private let state = Mutex(State())
    private let publisher: any MessagePublisher
    private let routing: JobRouting
    private let answer: @Sendable (SQLStatement) throws -> Int

    /// - Parameter routing: where the messages of jobs go.
    init(
        publisher: any MessagePublisher,
        routing: JobRouting = JobRouting(),
        answer: @escaping @Sendable (SQLStatement) throws -> Int
    ) {
        self.publisher = publisher
        self.routing = routing
        self.answer = answer
    }

    /// What has been committed, in order.
    var statements: [SQLStatement] { state.withLock(\.statements) }
    var events: [OutgoingMessage] { state.withLock(\.events) }
    var jobs: [OutgoingMessage] { state.withLock(\.jobs) }

    func transaction(
        consumer: String,
        messageIDs: [String],
        jobs: [String?],
        first: [SQLStatement],
        _ body: (any EffectStoreTransaction, [Bool], [SQLResult]) async throws -> Void
    ) async throws {
        let messages = messageIDs.map { Handled(consumer: consumer, messageID: $0) }
        let isFresh = await claim(messages)
        let transaction = MemoryEffectTransaction(routing: routing, answer)
        do {
            let results = try await transaction.execute(first)
            try await body(transaction, isFresh, results)
            _ = try await transaction.execute(transaction.last)
        } catch {
            transaction.end()
            release(messages) { _ in }
            throw error
        }
        transaction.end()
        let (statements, outgoing) = (transaction.executed, transaction.outgoing.map(\.message))
        let jobs = transaction.jobs
        release(messages) { state in
            state.handled.formUnion(messages)
            state.statements += statements
            state.events += outgoing
            state.jobs += jobs
        }
        if !outgoing.isEmpty || !jobs.isEmpty { _ = await publisher.publish(outgoing + jobs) }
    }

    func start(jobs attempts: [String: Int]) async throws -> Set<String> { [] }

    func execute(_ statements: [SQLStatement]) async throws {}

    func keep(_ message: OutgoingMessage, after delay: Duration?, for queue: String, key: String) async throws {
        throw TestFleetError(.notKept, "nothing publishes later what is kept in memory")
    }

    /// Waits for the transactions that hold one of the messages; tells which of them were not handled before.
    private func claim(_ messages: [Handled]) async -> [Bool] {
        while true {
            let isFresh = state.withLock { state -> [Bool]? in
                guard state.claimed.isDisjoint(with: messages) else { return nil }
                state.claimed.formUnion(messages)
                var seen = state.handled
                return messages.map { seen.insert($0).inserted }
            }
            if let isFresh { return isFresh }
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state in
                    let isFree = state.claimed.isDisjoint(with: messages)
                    if !isFree { state.waiters.append(continuation) }
                    return isFree
                }
                if isFree { continuation.resume() }
            }
        }
    }

    private func release(_ messages: [Handled], _ commit: (inout State) -> Void) {
        let waiters = state.withLock { state in
            commit(&state)
            state.claimed.subtract(messages)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

private final class MemoryEffectTransaction: EffectStoreTransaction {
    var last: [SQLStatement] = []
    var outgoing: [TimedMessage] = []
    private(set) var jobs: [OutgoingMessage] = []
    private(set) var executed: [SQLStatement] = []
    private var isOver = false
    private let routing: JobRouting
    private let answer: @Sendable (SQLStatement) throws -> Int

    init(routing: JobRouting, _ answer: @escaping @Sendable (SQLStatement) throws -> Int) {
        self.routing = routing
        self.answer = answer
    }

    func enqueue(_ job: NewJob) async throws -> EnqueueOutcome {
        let (job, message) = JobInsertion.unstored(job, routing: routing)
        jobs.append(message)
        return .created(job)
    }

    func execute(_ statements: [SQLStatement]) async throws -> [SQLResult] {
        guard !isOver else { throw TestFleetError(.transactionOver, "the transaction is over") }
        return try statements.map { statement in
            let affected = try answer(statement)
            executed.append(statement)
            return SQLResult(affected: affected)
        }
    }

    func end() { isOver = true }
}
