public import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage
public import Workers

/// Where any part of the fleet writes the webhooks that are to be sent.
///
/// Everything is written by the caller's transaction: a webhook goes out if, and only if, the effect that it reports
/// is committed. Without an endpoint for the event nothing is written; for one that is disabled it is kept as missed.
public struct WebhookOutbox: Sendable {
    /// Executes statements in the transaction that everything is to be part of.
    package typealias Execute = ([SQLStatement]) async throws -> [SQLResult]

    /// The queue of deliveries, without its service.
    static let queueEvent = "deliver"
    static let routingKey = "webhook.\(queueEvent)"

    private let exchange: String

    /// - Parameter topology: that of the fleet whose workers send.
    public init(topology: Topology) { exchange = topology.commands.name }

    /// Reports the effect of a message that is being handled; takes over its correlation id and its trace.
    ///
    /// - Parameters:
    ///   - event: `order.shipped`: what endpoints choose by.
    ///   - body: JSON, sent byte for byte.
    /// - Throws: what the transaction throws; leave it then.
    public func post(
        event: String,
        body: [UInt8],
        in transaction: EffectTransaction,
        of context: MessageContext
    ) async throws {
        let trace = context.message.headers[FleetHeader.traceParent]?.text
        let message = WebhookMessage(
            event: event,
            body: body,
            correlationID: context.correlationID,
            traceParent: trace
        )
        try await post(message) { try await transaction.execute($0) }
    }

    /// Writes the message, a delivery for each endpoint that wants it, and what gets the deliveries going.
    package func post(_ message: WebhookMessage, executing execute: Execute) async throws {
        let deliveries = try await execute([Self.endpoints(for: message.event)])[0].map { row in
            (id: UUIDv7.make(), endpoint: row.text(0) ?? "", isEnabled: row.bool(1) ?? false)
        }
        guard !deliveries.isEmpty else { return }
        let queued = deliveries.filter(\.isEnabled)
        _ = try await execute([
            Self.insert(message),
            SQLStatement(
                """
                INSERT INTO webhook_deliveries (message_id, id, endpoint_id, status)
                SELECT $1, id, endpoint_id, status FROM unnest($2, $3, $4) AS new (id, endpoint_id, status)
                """,
                [
                    .text(message.id), .textArray(deliveries.map(\.id)), .textArray(deliveries.map(\.endpoint)),
                    .textArray(deliveries.map { $0.isEnabled ? "queued" : "missed" }),
                ]
            ),
        ])
        guard !queued.isEmpty else { return }
        _ = try await execute([Outbox.insert(queued.map { deliveryMessage($0.id, message) })])
    }

    static func insert(_ message: WebhookMessage) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO webhook_messages (id, event, body, correlation_id, trace_parent)
            VALUES ($1, $2, $3, $4::text, $5::text)
            """,
            [
                .text(message.id), .text(message.event), .bytes(message.body), .optional(message.correlationID),
                .optional(message.traceParent),
            ]
        )
    }

    /// Locked, so that none is removed, nor enabled by an operator, before its delivery is written.
    private static func endpoints(for event: String) -> SQLStatement {
        SQLStatement(
            """
            SELECT id, is_enabled FROM webhook_endpoints
            WHERE (is_enabled OR disabled_at > now() - $2 * interval '1 second') AND EXISTS (
                SELECT FROM unnest(events) AS pattern WHERE pattern IN ('*', $1)
                    OR right(pattern, 2) = '.*' AND starts_with($1, left(pattern, -1)))
            ORDER BY id FOR KEY SHARE
            """,
            [.text(event), .double(MissedDeliveries.keptFor.seconds)]
        )
    }

    func deliveryMessage(_ id: String, _ cause: WebhookMessage) -> OutgoingMessage {
        let body = JSONValue.members([.init(name: WebhookDeliveryMessage.field, value: .string(id))]).json
        var message = Message(body: Array(body.utf8))
        message.properties.contentType = "application/json"
        message.properties.deliveryMode = 2
        message.properties.messageID = id
        message.properties.correlationID = cause.correlationID
        if let trace = cause.traceParent, trace.utf8.count <= 512 {
            message.headers[FleetHeader.traceParent] = .string(trace)
        }
        return OutgoingMessage(exchange: exchange, routingKey: Self.routingKey, message: message)
    }
}
