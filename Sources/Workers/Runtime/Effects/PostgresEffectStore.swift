import FlotillaModels
package import FlotillaStorage

/// Commits effects in Postgres: two round trips for a transaction whose body sends nothing in between.
package struct PostgresEffectStore: EffectStore {
    private let pool: PostgresPool
    /// How often a transaction that lost a conflict is run again at once.
    private let conflictRetries = 4

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func transaction(
        consumer: String,
        messageIDs: [String],
        first: [SQLStatement],
        _ body: (any EffectStoreTransaction, [Bool], [SQLResult]) async throws -> Void
    ) async throws {
        var retriesLeft = conflictRetries
        while true {
            do {
                return try await attempt(consumer, messageIDs, first, body)
            } catch let error as PostgresError where error.isConflict && retriesLeft > 0 {
                retriesLeft -= 1
            }
        }
    }

    private func attempt(
        _ consumer: String,
        _ messageIDs: [String],
        _ first: [SQLStatement],
        _ body: (any EffectStoreTransaction, [Bool], [SQLResult]) async throws -> Void
    ) async throws {
        try await pool.transaction { transaction in
            let inbox = Inbox.insert(consumer: consumer, messageIDs: messageIDs)
            let results = try await transaction.pipeline([inbox] + first)
            let isFresh = Inbox.fresh(results[0], of: messageIDs)
            let effect = PostgresEffectTransaction(transaction)
            try await body(effect, isFresh, Array(results.dropFirst()))
            let outbox = effect.outgoing.isEmpty ? [] : [Outbox.insert(effect.outgoing)]
            try await transaction.commit(after: effect.last + outbox)
        }
    }

    package func ended(jobs ids: [String]) async throws -> Set<String> {
        let final = JobState.allCases.filter(\.isFinal).map(\.rawValue)
        let statement = SQLStatement(
            "SELECT id FROM jobs WHERE id = ANY ($1) AND state = ANY ($2)",
            [.textArray(ids), .textArray(final)]
        )
        return Set(try await pool.query(statement).compactMap { $0.text(0) })
    }

    package func execute(_ statements: [SQLStatement]) async throws {
        _ = try await pool.pipeline(statements)
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
