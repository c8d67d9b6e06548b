import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform
package import FlotillaStorage

/// Says hello to an endpoint, at once and without a queue, so that an operator sees what it answers.
package struct WebhookTest: Sendable {
    private let pool: PostgresPool
    private let seal: WebhookSeal
    private let sender: WebhookSender

    package struct Result: Sendable {
        package let messageID: String
        package let url: String
        package let status: Int?
        package let error: String?
        package let duration: Duration
        package let answer: String
    }

    package init(_ pool: PostgresPool, seal: WebhookSeal, sender: WebhookSender) {
        (self.pool, self.seal, self.sender) = (pool, seal, sender)
    }

    /// Sends `webhook.test`, also to an endpoint that is disabled, and logs the attempt.
    ///
    /// - Throws: `WebhookError` for an unknown name, `FieldError` for a URL that is not called.
    package func run(_ name: String) async throws -> Result {
        let statement = SQLStatement(
            """
            SELECT id, url, master, sealed_secret, CASE WHEN old_secret_until > now() THEN sealed_old_secret END
            FROM webhook_endpoints WHERE name = $1
            """,
            [.text(name)]
        )
        guard let row = try await pool.query(statement).first, let id = row.text(0) else {
            throw WebhookError(
                code: .unknown,
                operation: "test an endpoint",
                detail: "there is no endpoint called \(name)"
            )
        }
        let url = try EndpointURL(row.text(1) ?? "")
        if let objection = sender.access.objection(to: url) { throw objection }
        let secrets = try [row.bytes(3), row.bytes(4)].compactMap { $0 }
            .map { try seal.open($0, of: id, by: row.text(2) ?? "") }
        let message = Self.message
        let result = await sender.send(message, to: url, secrets: secrets)
        let delivery = UUIDv7.make()
        let problem = result.problem
        try await pool.transaction { transaction in
            _ = try await transaction.pipeline([
                WebhookOutbox.insert(message),
                SQLStatement(
                    """
                    INSERT INTO webhook_deliveries (id, message_id, endpoint_id, status, attempts, reason, finished_at)
                    VALUES ($1, $2, $3, CASE WHEN $4::text IS NULL THEN 'delivered' ELSE 'failed' END, 1, $4::text, now())
                    """,
                    [.text(delivery), .text(message.id), .text(id), .optional(problem)]
                ),
                WebhookStatements.attempt(delivery, number: 1, result),
            ])
        }
        return Result(
            messageID: message.id,
            url: url.text,
            status: result.status,
            error: problem,
            duration: result.took,
            answer: String(decoding: result.answer, as: UTF8.self)
        )
    }

    private static var message: WebhookMessage {
        let body: [JSONValue.Member] = [
            .init(name: "eventType", value: .string("webhook.test")),
            .init(name: "timestamp", value: .string(WallClock.iso8601())),
            .init(name: "data", value: .members([])),
        ]
        return WebhookMessage(event: "webhook.test", body: Array(JSONValue.members(body).json.utf8))
    }
}
