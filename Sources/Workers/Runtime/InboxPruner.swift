import Storage
import Telemetry

/// Forgets handled messages after their retention, in small steps, so that no other work waits for it.
struct InboxPruner: FleetService {
    private let pool: PostgresPool
    private let retention: Duration
    private let log: Log

    /// How many rows one step deletes.
    private static let step = 1_000

    init(_ pool: PostgresPool, retention: Duration, log: Log) {
        self.pool = pool
        self.retention = retention
        self.log = log
    }

    func run() async {
        while !Task.isCancelled {
            let deleted = (try? await pool.query(Inbox.prune(olderThan: retention, limit: Self.step)))?.affected ?? 0
            if deleted > 0 { log.debug("inbox rows forgotten", ["count": .integer(deleted)]) }
            try? await Task.sleep(for: deleted == Self.step ? .milliseconds(100) : .seconds(60))
        }
    }
}
