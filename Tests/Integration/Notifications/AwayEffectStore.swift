import FlotillaStorage
@testable import Workers
import Synchronization

/// Commits like the database, or like one that is away.
final class AwayEffectStore: EffectStore {
    private let store: PostgresEffectStore
    private let failures: Mutex<Int>

    /// - Parameter failures: how many transactions fail before the database is back.
    init(_ pool: PostgresPool, failures: Int) {
        store = PostgresEffectStore(pool)
        self.failures = Mutex(failures)
    }

    func comeBack() { failures.withLock { $0 = 0 } }

    func transaction(
        consumer: String,
        messageIDs: [String],
        jobs: [String?],
        first: [SQLStatement],
        _ body: (any EffectStoreTransaction, [Bool], [SQLResult]) async throws -> Void
    ) async throws {
        let isAway = failures.withLock { failures in
            failures -= failures > 0 ? 1 : 0
            return failures > 0
        }
        if isAway {
            throw PostgresError.unavailable("commit", "the server closed the connection", isCommitUnknown: true)
        }
        try await store.transaction(consumer: consumer, messageIDs: messageIDs, jobs: jobs, first: first, body)
    }

    func start(jobs attempts: [String: Int]) async throws -> Set<String> { try await store.start(jobs: attempts) }

    func execute(_ statements: [SQLStatement]) async throws { try await store.execute(statements) }
}
