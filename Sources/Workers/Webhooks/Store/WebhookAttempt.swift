package import FlotillaStorage

/// One request to an endpoint, as the log keeps it.
package struct WebhookAttempt: Sendable, Hashable {
    package let deliveryID: String
    package let number: Int
    package let endpoint: String
    package let event: String
    /// The `webhook-id`.
    package let messageID: String
    /// Microseconds since 1970.
    package let startedAt: Int64
    package let duration: Duration
    /// `nil` without an answer.
    package let status: Int?
    /// What was wrong with it; `nil` for a success.
    package let error: String?
    /// The beginning of the answer's body, as text.
    package let answer: String?

    /// The newest first.
    ///
    /// - Parameters:
    ///   - endpoint: only those to the endpoint of this name.
    ///   - message: only those of this message, by its `webhook-id`.
    package static func list(
        in pool: PostgresPool,
        endpoint: String? = nil,
        message: String? = nil,
        onlyFailed: Bool = false,
        limit: Int
    ) async throws(PostgresError) -> [WebhookAttempt] {
        let statement = SQLStatement(
            """
            SELECT attempt.delivery_id, attempt.number, endpoint.name, message.event, message.id, attempt.started_at,
                attempt.duration_ms, attempt.status, attempt.error, attempt.answer
            FROM webhook_attempts AS attempt
            JOIN webhook_deliveries AS delivery ON delivery.id = attempt.delivery_id
            JOIN webhook_messages AS message ON message.id = delivery.message_id
            JOIN webhook_endpoints AS endpoint ON endpoint.id = delivery.endpoint_id
            WHERE ($1::text IS NULL OR endpoint.name = $1) AND ($2::text IS NULL OR message.id = $2)
                AND NOT ($3 AND attempt.error IS NULL)
            ORDER BY attempt.started_at DESC, attempt.delivery_id, attempt.number DESC LIMIT $4
            """,
            [.optional(endpoint), .optional(message), .bool(onlyFailed), .int(Int64(limit))]
        )
        return try await pool.query(statement).map { WebhookAttempt($0) }
    }

    private init(_ row: SQLRow) {
        deliveryID = row.text(0) ?? ""
        number = Int(row.int(1) ?? 0)
        endpoint = row.text(2) ?? ""
        event = row.text(3) ?? ""
        messageID = row.text(4) ?? ""
        startedAt = row.timestamp(5) ?? 0
        duration = .milliseconds(row.int(6) ?? 0)
        status = row.int(7).map { Int($0) }
        error = row.text(8)
        answer = row.bytes(9).map { String(decoding: $0, as: UTF8.self) }
    }
}
