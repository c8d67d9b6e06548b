import FlotillaModels
package import FlotillaStorage

/// Commits effects in Postgres: two round trips for a transaction whose body sends nothing in between.
package struct PostgresEffectStore: EffectStore {
    private let pool: PostgresPool
    /// How often a transaction that lost a conflict is run again at once.
    private let conflictRetries = 4
    private var limit: Duration?

    package init(_ pool: PostgresPool) { self.pool = pool }

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
            let effect = PostgresEffectTransaction(transaction)
            try await body(effect, isFresh, Array(results.dropFirst(own.count)))
            let outbox = effect.outgoing.isEmpty ? [] : [Outbox.insert(effect.outgoing)]
            try await transaction.commit(after: effect.last + outbox)
        }
    }

    package func start(jobs attempts: [String: Int]) async throws -> Set<String> {
        Jobs.ended(try await pool.pipeline([Jobs.start(attempts)], within: limit)[0], of: attempts.keys)
    }

    package func execute(_ statements: [SQLStatement]) async throws {
        _ = try await pool.pipeline(statements, within: limit)
    }
}

private final class PostgresEffectTransaction: EffectStoreTransaction {
    var last: [SQLStatement] = []
    var outgoing: [OutgoingMessage] = []
    private let transaction: PostgresTransaction

    init(_ transaction: PostgresTransaction) { self.transaction = transaction }

    func execute(_ statements: [SQLStatement]) async throws -> [SQLResult] {
        try await transaction.pipeline(statements)
    }
}

extension PostgresError {
    /// Serialization failure or deadlock: the same transaction may well succeed at once.
    fileprivate var isConflict: Bool { code == .sqlState("40001") || code == .sqlState("40P01") }
}
