package import FlotillaModels
package import FlotillaStorage

/// Commits effects in Postgres: two round trips for a transaction whose body sends nothing in between.
package struct PostgresEffectStore: EffectStore {
    private let pool: PostgresPool
    /// How often a transaction that lost a conflict is run again at once.
    private let conflictRetries = 4
    private var limit: Duration?

    private let routing: JobRouting

    /// - Parameter routing: where the messages of jobs go that handlers enqueue.
    package init(_ pool: PostgresPool, routing: JobRouting = JobRouting()) {
        self.pool = pool
        self.routing = routing
    }

    package func limited(to duration: Duration) -> any EffectStore {
        var limited = self
        limited.limit = duration
        return limited
    }

    package func transaction(
        consumer: String,
        messageIDs: [String],
        jobs: [String?],
        first: [SQLStatement],
        _ body: (any EffectStoreTransaction, [Bool], [SQLResult]) async throws -> Void
    ) async throws {
        var retriesLeft = conflictRetries
        while true {
            do {
                return try await attempt(consumer, messageIDs, jobs, first, body)
            } catch let error as PostgresError where error.isConflict && retriesLeft > 0 {
                retriesLeft -= 1
            }
        }
    }

    private func attempt(
        _ consumer: String,
        _ messageIDs: [String],
        _ jobs: [String?],
        _ first: [SQLStatement],
        _ body: (any EffectStoreTransaction, [Bool], [SQLResult]) async throws -> Void
    ) async throws {
        try await pool.transaction(within: limit) { transaction in
            var own = [Inbox.insert(consumer: consumer, messageIDs: messageIDs)]
            if !jobs.isEmpty { own.append(Jobs.claimEffects(of: jobs.compactMap(\.self))) }
            let results = try await transaction.pipeline(own + first)
            var isFresh = Inbox.fresh(results[0], of: messageIDs)
            if !jobs.isEmpty {
                let ended = Jobs.ended(results[1], of: jobs.compactMap(\.self))
                let lost = messageIDs.indices.filter { isFresh[$0] && jobs[$0].map(ended.contains) ?? false }
                for index in lost { isFresh[index] = false }
                if !lost.isEmpty {
                    // A dead job may be sent back: its message has to be fresh again then.
                    let ids = lost.map { messageIDs[$0] }
                    _ = try await transaction.query(Inbox.remove(consumer: consumer, messageIDs: ids))
                }
            }
            let effect = PostgresEffectTransaction(transaction, routing: routing)
            try await body(effect, isFresh, Array(results.dropFirst(own.count)))
            let outgoing = effect.outgoing
            let outbox =
                outgoing.isEmpty ? [] : [Outbox.insert(outgoing.map(\.message), notBefore: outgoing.map(\.notBefore))]
            try await transaction.commit(after: effect.last + outbox)
        }
    }

    package func start(jobs attempts: [String: Int]) async throws -> Set<String> {
        Jobs.ended(try await pool.pipeline([Jobs.start(attempts)], within: limit)[0], of: attempts.keys)
    }

    package func cancelling() async throws -> [String: Duration] {
        try await pool.query(Jobs.cancelling).reduce(into: [:]) { jobs, row in
            if let id = row.text(0) { jobs[id] = .seconds(row.double(1) ?? 0) }
        }
    }

    package func execute(_ statements: [SQLStatement]) async throws {
        _ = try await pool.pipeline(statements, within: limit)
    }
}

private final class PostgresEffectTransaction: EffectStoreTransaction {
    var last: [SQLStatement] = []
    var outgoing: [TimedMessage] = []
    private let transaction: PostgresTransaction

    private let routing: JobRouting

    init(_ transaction: PostgresTransaction, routing: JobRouting) {
        self.transaction = transaction
        self.routing = routing
    }

    func enqueue(_ job: NewJob) async throws -> EnqueueOutcome {
        let transaction = transaction
        let plan = try await JobInsertion.plan([job], routing: routing) { try await transaction.pipeline($0) }
        // At once, so that a further job may come after this one.
        _ = try await transaction.pipeline(plan.last)
        return plan.outcomes[0]
    }

    func execute(_ statements: [SQLStatement]) async throws -> [SQLResult] {
        try await transaction.pipeline(statements)
    }
}

extension PostgresError {
    /// Serialization failure or deadlock: the same transaction may well succeed at once.
    fileprivate var isConflict: Bool { code == .sqlState("40001") || code == .sqlState("40P01") }
}
