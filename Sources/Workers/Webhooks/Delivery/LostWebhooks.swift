import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import Workers

/// Gives a new message to deliveries whose message is gone: their queue was lost, or purged.
///
/// After a loss of the queue, to all that were waiting then and have not been tried since. Otherwise to those that have shown
/// no sign for longer than a message may wait: these are given up, and dead letters tell of them. Should the old message be
/// there after all, the second of the two finds the delivery made.
struct LostWebhooks: FleetService {
    /// How many are given a message in one transaction.
    private static let step = 500
    private static let interval = Duration.seconds(60)
    /// As long as a delivery may wait for its endpoint, and as long as a retry is put off.
    static let silence = WebhookDelivery.longestWait + .seconds(6 * 3_600)

    private let pool: PostgresPool
    private let outbox: WebhookOutbox
    private let broker: any Broker
    private let log: Log

    init(_ pool: PostgresPool, outbox: WebhookOutbox, broker: any Broker, log: Log) {
        self.pool = pool
        self.outbox = outbox
        self.broker = broker
        self.log = log
    }

    func run() async {
        while (try? await Task.sleep(for: Self.interval)) != nil {
            do {
                while try await resend() == Self.step {}
            } catch {
                log.debug("can't look for lost webhooks now", ["problem": .string("\(error)")])
            }
        }
    }

    /// Looks once; returns how many were given a message.
    @discardableResult
    func resend() async throws -> Int {
        // While there is a backlog, they may well be in it.
        guard try await broker.depth(of: WebhookOutbox.routingKey)?.ready == 0 else { return 0 }
        let ids = try await pool.transaction { transaction in
            let rows = try await transaction.query(Self.take)
            let messages = rows.map { row in
                let message = WebhookMessage(
                    event: "",
                    body: [],
                    correlationID: row.text(1),
                    traceParent: row.text(2)
                )
                return outbox.deliveryMessage(row.text(0) ?? "", message)
            }
            try await transaction.commit(after: messages.isEmpty ? [] : [Outbox.insert(messages)])
            return rows.compactMap { $0.text(0) }
        }
        guard let first = ids.first else { return 0 }
        log.warning(
            "webhooks had lost their messages and got new ones",
            ["count": .integer(ids.count), "first": .string(first)]
        )
        return ids.count
    }

    /// A lease that ends now marks them as seen to.
    private static let take = SQLStatement(
        """
        WITH taken AS MATERIALIZED (
            SELECT delivery.id, correlation_id, trace_parent
            FROM webhook_deliveries AS delivery JOIN webhook_messages AS message ON message.id = message_id
            CROSS JOIN (SELECT greatest(now() - $2 * interval '1 second', (\(QueueGaps.lastLoss))) AS time) AS lost
            WHERE status = 'queued' AND delivery.created_at < lost.time
                AND (sending_until IS NULL OR sending_until < lost.time)
                AND NOT EXISTS (SELECT FROM webhook_attempts
                    WHERE delivery_id = delivery.id AND started_at >= lost.time)
            ORDER BY delivery.id LIMIT $3 FOR UPDATE OF delivery SKIP LOCKED
        ), changed AS (
            UPDATE webhook_deliveries SET sending_until = now() WHERE id IN (SELECT id FROM taken)
        )
        SELECT id, correlation_id, trace_parent FROM taken ORDER BY id
        """,
        [.text(WebhookOutbox.routingKey), .double(silence.seconds), .int(Int64(step))]
    )
}
