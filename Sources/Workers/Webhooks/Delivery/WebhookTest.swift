import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform
package import FlotillaStorage

/// Sends a test message to an endpoint, at once and without a queue, so that an operator sees what it answers.
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
        let endpoint = try await endpoint(named: name)
        if let objection = sender.access.objection(to: endpoint.url) { throw objection }
        let message = Self.message
        let result = await sender.send(message, to: endpoint.url, secrets: endpoint.secrets)
        try await log(message, result, endpoint: endpoint.id)
        return Result(
            messageID: message.id,
            url: endpoint.url.text,
            status: result.status,
            error: result.problem,
            duration: result.took,
            answer: String(decoding: result.answer, as: UTF8.self)
        )
    }

    private struct Endpoint: Sendable {
        let id: String
        let url: EndpointURL
        let secrets: [WebhookSecret]
    }

    private func endpoint(named name: String) async throws -> Endpoint {
        let statement = SQLStatement(
            """
            SELECT id, url, master, sealed_secret, CASE WHEN old_secret_until > now() THEN sealed_old_secret END
            FROM webhook_endpoints WHERE name = $1
            """,
            [.text(name)]
        )
        let rows = try await pool.query(statement)
        return try endpoint(of: rows.first, named: name)
    }

    private func endpoint(of row: SQLRow?, named name: String) throws -> Endpoint {
        guard let row, let id = row.text(0) else {
            throw WebhookError(
                code: .unknown,
                operation: "test an endpoint",
                detail: "there is no endpoint called \(name)"
            )
        }
        var secrets: [WebhookSecret] = []
        for sealed in [row.bytes(3), row.bytes(4)].compactMap({ $0 }) {
            secrets.append(try seal.open(sealed, of: id, by: row.text(2) ?? ""))
        }
        return Endpoint(id: id, url: try EndpointURL(row.text(1) ?? ""), secrets: secrets)
    }

    private func log(_ message: WebhookMessage, _ result: WebhookAttemptResult, endpoint: String) async throws {
        let delivery = UUIDv7.make()
        let delivered = SQLStatement(
            """
            INSERT INTO webhook_deliveries (id, message_id, endpoint_id, status, attempts, reason, finished_at)
            VALUES ($1, $2, $3, CASE WHEN $4::text IS NULL THEN 'delivered' ELSE 'failed' END, 1, $4::text, now())
            """,
            [.text(delivery), .text(message.id), .text(endpoint), .optional(result.problem)]
        )
        let attempt = WebhookStatements.attempt(delivery, number: 1, result)
        _ = try await pool.pipeline([WebhookOutbox.insert(message), delivered, attempt])
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
