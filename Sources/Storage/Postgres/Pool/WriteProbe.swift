import Synchronization

/// Asks a server whether a write would go through now, over a session of its own and in a short time.
///
/// It needs no table. It fails where a write would: on a standby, on a server that was told to be read-only, on a full
/// disk, without a free connection, where a commit does not come to its end.
package final class WriteProbe: Sendable {
    private let pool: PostgresPool
    private let timeout: Duration
    private let current = Mutex<Task<Result<Void, PostgresError>, Never>?>(nil)

    /// - Parameter timeout: how long the server may take; 2 s by default.
    package init(_ configuration: PostgresConfiguration, name: String, timeout: Duration = .seconds(2)) {
        var own = configuration
        own.connectTimeout = min(own.connectTimeout, timeout)
        own.cancelTimeout = min(own.cancelTimeout, timeout / 4)
        own.applicationName += " probe"
        pool = PostgresPool(own, size: 1, name: "\(name) probe")
        self.timeout = timeout
    }

    /// Makes the write. Calls at the same time share one.
    package func check() async throws(PostgresError) {
        let task = current.withLock { current in
            if let current { return current }
            let task = Task {
                let result = await self.write()
                self.current.withLock { $0 = nil }
                return result
            }
            current = task
            return task
        }
        try await task.value.get()
    }

    package func close() async { await pool.close() }

    private func write() async -> Result<Void, PostgresError> {
        do {
            try await pool.transaction(within: timeout) { transaction in
                let state = try await transaction.pipeline([Self.littleMemory, Self.state, Self.spill])[1]
                if state[0].bool(0) == true {
                    throw PostgresError(code: .sqlState("25006"), operation: "probe", detail: "the server is read-only")
                }
                try await transaction.commit(after: [Self.logged])
            }
            return .success(())
        } catch let error as PostgresError {
            // A session that has outlived a failover would say the same for ever.
            pool.noteFailure(error)
            return .failure(error)
        } catch {
            return .failure(.violation("probe", "\(error)"))
        }
    }

    private static let littleMemory = SQLStatement("SELECT set_config('work_mem', '64kB', true)")
    private static let state = SQLStatement(
        "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'"
    )
    /// More rows than that memory holds: they go to a file beside the tables', where a full disk is noticed. The rows of
    /// a table would often find room in a page that is there already.
    private static let spill = SQLStatement("SELECT count(*) FROM generate_series(1, 20000)")
    /// Gives the transaction a number and a record in the log, for which the commit has to wait.
    private static let logged = SQLStatement("SELECT pg_logical_emit_message(true, 'flotilla', 'probe') IS NOT NULL")
}
