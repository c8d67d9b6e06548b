import Models
import Storage
import Telemetry

/// Forgets webhooks that came to their end, with their bodies and attempts, after their retention.
struct WebhookPruner: FleetService {
    private let pool: PostgresPool
    private let retention: Duration
    private let log: Log

    /// How many rows one step deletes.
    private static let step = 500

    init(_ pool: PostgresPool, retention: Duration, log: Log) {
        self.pool = pool
        self.retention = retention
        self.log = log
    }

    func run() async {
        while !Task.isCancelled {
            let deleted = (try? await prune()) ?? 0
            if deleted > 0 { log.debug("webhooks forgotten", ["count": .integer(deleted)]) }
            try? await Task.sleep(for: deleted == Self.step ? .milliseconds(100) : .seconds(300))
        }
    }

    /// - Returns: how many messages it forgot, of which none has a delivery to come.
    func prune() async throws -> Int {
        try await pool.query(
            SQLStatement(
                """
                DELETE FROM webhook_messages WHERE id IN (
                    SELECT id FROM webhook_messages AS message
                    WHERE created_at < now() - $1 * interval '1 second' AND NOT EXISTS (
                        SELECT FROM webhook_deliveries WHERE message_id = message.id AND status = 'queued')
                    ORDER BY created_at LIMIT $2)
                """,
                [.double(retention.seconds), .int(Int64(Self.step))]
            )
        ).affected
    }
}
