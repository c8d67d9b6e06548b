package import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage
import FlotillaWebhooks
import Workers

/// Cancels tickets: scans refuse them from the commit on.
package struct TicketCancellation: Sendable {
    package static let event = "ticket.cancelled"

    /// Which ticket is meant.
    package enum Name: Sendable, Hashable {
        case id(String)
        case code(String)
    }

    package enum Result: Sendable, Hashable {
        /// At this time, in microseconds since 1970; `isNew` unless it was cancelled before.
        case cancelled(GeneratedTicket, at: Int64, isNew: Bool)
        case unknown
        /// Several tickets have that code, of several events or of the one that was named.
        case ambiguous
    }

    private let eventExchange: String
    private let webhooks: WebhookOutbox

    package init(topology: Topology) {
        eventExchange = topology.events.name
        webhooks = WebhookOutbox(topology: topology)
    }

    /// Cancels a ticket and tells webhooks of it; others too, unless they were told by `ticket.cancelled` itself.
    ///
    /// - Parameters:
    ///   - ticketID, eventID: tell apart tickets of one code.
    ///   - execute: in the transaction that everything is to be part of.
    package func cancel(
        _ name: Name,
        ticketID: String? = nil,
        eventID: String?,
        reason: String? = nil,
        correlationID: String? = nil,
        tells: Bool,
        executing execute: ([SQLStatement]) async throws -> [SQLResult]
    ) async throws -> Result {
        let found = try await execute([Self.select(name, ticketID: ticketID, eventID: eventID)])[0]
        guard let ticket = found.first.map({ GeneratedTicket($0) }) else { return .unknown }
        guard found.count == 1 else { return .ambiguous }
        if let at = ticket.cancelledAt { return .cancelled(ticket, at: at, isNew: false) }
        let at = WallClock.microseconds()
        var statements = [
            SQLStatement(
                "UPDATE generated_tickets SET cancelled_at = $2 WHERE ticket_id = $1",
                [.text(ticket.ticketID.text), .timestamp(at)]
            )
        ]
        let event = cancelledEvent(ticket, at, reason: reason)
        let webhook = WebhookMessage(event: event.name, body: event.body, correlationID: correlationID)
        try await webhooks.post(webhook, executing: execute)
        if tells {
            statements.append(Outbox.insert([event.message(causedBy: nil, correlationID, eventExchange)]))
        }
        _ = try await execute(statements)
        return .cancelled(ticket, at: at, isNew: true)
    }

    private func cancelledEvent(_ ticket: GeneratedTicket, _ at: Int64, reason: String?) -> OutgoingEvent {
        var members: [JSONValue.Member] = [
            .init(name: "ticketId", value: ticket.ticketID.json),
            .init(name: "ticketCode", value: .string(ticket.code)),
            .init(name: "eventId", value: ticket.eventID.json),
            .init(name: "timestamp", value: .string(WallClock.iso8601(at))),
        ]
        if let reason { members.append(.init(name: "reason", value: .string(reason))) }
        return OutgoingEvent(name: Self.event, body: Array(JSONValue.members(members).json.utf8))
    }

    /// Two rows at most, locked against a scan at the same moment.
    private static func select(_ name: Name, ticketID: String?, eventID: String?) -> SQLStatement {
        let (column, text) =
            switch name {
            case .id(let id): ("ticket_id", id)
            case .code(let code): ("ticket_code", code)
            }
        return SQLStatement(
            """
            SELECT \(GeneratedTicket.columns) FROM generated_tickets
            WHERE \(column) = $1 AND ($2::text IS NULL OR event_id = $2) AND ($3::text IS NULL OR ticket_id = $3)
            ORDER BY ticket_id LIMIT 2 FOR UPDATE
            """,
            [.text(text), .optional(eventID), .optional(ticketID)]
        )
    }
}
