/// A transaction on one connection. `BEGIN` travels with the first statements.
///
/// After a statement has failed, every further call throws the same error, and the transaction rolls back.
package final class PostgresTransaction: Sendable {
    package func query(_ statement: SQLStatement) async throws(PostgresError) -> SQLResult {
        let results = try await pipeline([statement])
        return results[0]
    }

    /// Executes the statements in one round trip.
    package func pipeline(_ statements: [SQLStatement]) async throws(PostgresError) -> [SQLResult] {
        throw .unavailable("pipeline", "no connection")
    }

    /// Executes the statements and commits, in one round trip. The transaction is finished then; the body may return.
    @discardableResult
    package func commit(after statements: [SQLStatement] = []) async throws(PostgresError) -> [SQLResult] {
        throw .unavailable("commit", "no connection")
    }
}
