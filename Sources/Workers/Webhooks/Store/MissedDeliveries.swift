import FlotillaModels
import FlotillaStorage

/// What endpoints did not get since they were disabled.
enum MissedDeliveries {
    /// How long deliveries are written for an endpoint that is disabled.
    static let keptFor = Duration.seconds(30 * 86_400)
    private static let step = 500

    /// How many wait for the endpoint.
    static func count(of endpoint: String) -> SQLStatement {
        SQLStatement(
            """
            SELECT count(*) FROM webhook_deliveries WHERE status = 'missed'
                AND endpoint_id = (SELECT id FROM webhook_endpoints WHERE name = $1)
            """,
            [.text(endpoint)]
        )
    }

    /// Sends on what was handed in since `time`, in small transactions, the oldest first.
    ///
    /// - Returns: how many.
    static func send(to endpoint: String, since time: Int64, in pool: PostgresPool, by outbox: WebhookOutbox)
        async throws -> Int
    {
        var sent = 0
        while true {
            let count = try await pool.transaction { transaction in
                let rows = try await transaction.query(take(for: endpoint, since: time))
                let messages = rows.map { row in
                    let message = WebhookMessage(
                        event: row.text(1) ?? "",
                        body: [],
                        correlationID: row.text(2),
                        traceParent: row.text(3)
                    )
                    return outbox.deliveryMessage(row.text(0) ?? "", message)
                }
                if !messages.isEmpty { _ = try await transaction.query(Outbox.insert(messages)) }
                return messages.count
            }
            sent += count
            if count < step { return sent }
        }
    }

    /// Their time begins now: they were nobody's to deliver before.
    private static func take(for endpoint: String, since time: Int64) -> SQLStatement {
        SQLStatement(
            """
            WITH taken AS (
                SELECT delivery.id, message.event, message.correlation_id, message.trace_parent, message.created_at
                FROM webhook_deliveries AS delivery
                JOIN webhook_messages AS message ON message.id = delivery.message_id
                JOIN webhook_endpoints AS endpoint ON endpoint.id = delivery.endpoint_id
                WHERE endpoint.name = $1 AND delivery.status = 'missed' AND message.created_at >= $2
                ORDER BY message.created_at, delivery.id LIMIT $3 FOR UPDATE OF delivery
            ), changed AS (
                UPDATE webhook_deliveries SET status = 'queued', created_at = now() WHERE id IN (SELECT id FROM taken)
            )
            SELECT id, event, correlation_id, trace_parent FROM taken ORDER BY created_at, id
            """,
            [.text(endpoint), .timestamp(time), .int(Int64(step))]
        )
    }
}
