import FlotillaModels
import FlotillaStorage

/// A delivery that this process alone is making, until its lease ends.
struct ClaimedDelivery: Sendable {
    /// Longer than an exchange may take, shorter than anybody would wait after a crash.
    static let lease = Duration.seconds(25)

    /// The number of this attempt, from 1.
    let attempt: Int
    let message: WebhookMessage
    let master: String
    /// Sealed; the current one first.
    let secrets: [[UInt8]]

    /// Takes the delivery, unless another process has it or it is made.
    ///
    /// - Parameter isReplay: takes one that has failed, too.
    static func claim(_ id: String, isReplay: Bool) -> SQLStatement {
        SQLStatement(
            """
            UPDATE webhook_deliveries AS delivery
            SET sending_until = now() + $2 * interval '1 second', attempts = attempts + 1, status = 'queued',
                finished_at = NULL
            FROM webhook_messages AS message, webhook_endpoints AS endpoint
            WHERE delivery.id = $1 AND message.id = delivery.message_id AND endpoint.id = delivery.endpoint_id
                AND (status = 'queued' OR (status = 'failed' AND $3))
                AND (sending_until IS NULL OR sending_until < now())
            RETURNING attempts, message.id, event, body, correlation_id, trace_parent, master, sealed_secret,
                CASE WHEN old_secret_until > now() THEN sealed_old_secret END
            """,
            [.text(id), .double(lease.seconds), .bool(isReplay)]
        )
    }

    /// Why a claim got nothing: the state, and for how many seconds another process still has the lease.
    static func state(of id: String) -> SQLStatement {
        SQLStatement(
            "SELECT status, extract(epoch FROM sending_until - now())::float8 FROM webhook_deliveries WHERE id = $1",
            [.text(id)]
        )
    }

    init(_ row: SQLRow) {
        attempt = Int(row.int(0) ?? 0)
        message = WebhookMessage(
            id: row.text(1) ?? "",
            event: row.text(2) ?? "",
            body: row.bytes(3) ?? [],
            correlationID: row.text(4),
            traceParent: row.text(5)
        )
        master = row.text(6) ?? ""
        secrets = [row.bytes(7), row.bytes(8)].compactMap { $0 }
    }
}
