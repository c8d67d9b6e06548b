/// Connections to one Postgres, made when they are needed, at most `size` of them.
///
/// A caller that finds none free waits its turn. While none can be made, calls fail at once with `.unavailable`.
package final class PostgresPool: Sendable {
    package let name: String
    private let configuration: PostgresConfiguration

    package init(_ configuration: PostgresConfiguration, size: Int, name: String) {
        self.configuration = configuration
        self.name = name
    }

    /// Executes one statement, in a transaction of its own.
    package func query(_ statement: SQLStatement) async throws(PostgresError) -> SQLResult {
        let results = try await pipeline([statement])
        return results[0]
    }

    /// Executes the statements in one round trip and one transaction: all of them take effect, or none.
    package func pipeline(_ statements: [SQLStatement]) async throws(PostgresError) -> [SQLResult] {
        throw .unavailable("pipeline", "no connection")
    }

    /// Runs `body` in a transaction, which commits when `body` returns and rolls back when it throws.
    package func transaction<R: Sendable>(
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        throw PostgresError.unavailable("transaction", "no connection")
    }

    /// Yields once per notification on the channel and after each (re)connect, over a connection of its own.
    package func listen(_ channel: String) -> AsyncStream<Void> { AsyncStream { $0.finish() } }

    /// Makes a round trip; returns how long it took.
    package func ping() async throws(PostgresError) -> Duration {
        let start = ContinuousClock.now
        _ = try await query(SQLStatement("SELECT 1"))
        return .now - start
    }

    /// Closes every connection; later calls fail with `.unavailable`.
    package func close() async {}
}
