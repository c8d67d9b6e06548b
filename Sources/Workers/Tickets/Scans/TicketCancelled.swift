package import FlotillaModels
package import Workers

/// `ticket.cancelled`: a ticket is not to be let in any more.
///
/// Needs `ticketId`, or `ticketCode` with `eventId` where several events use the code. Where several tickets of one event
/// have it, only `ticketId` will do.
package struct TicketCancelled: Decodable, WholeBody, Sendable, Hashable {
    let name: TicketCancellation.Name
    let eventID: String?

    package init(body: [UInt8]) throws(InvalidPayload) {
        let fields = try EventFields(body)
        eventID = try fields.identifier("eventId", "event_id")
        if let id = try fields.identifier("ticketId", "ticket_id") {
            name = .id(id)
        } else {
            name = .code(try fields.requiredIdentifier("ticketCode", "ticket_code"))
        }
    }
}

/// Cancels tickets that other services say are cancelled.
///
/// A ticket that is not there yet is tried again, since the event may be ahead of the making of it.
package struct TicketCancellationWorker: Worker {
    package static let name = "scans"
    package static let events = [TicketCancellation.event]

    private let cancellation: TicketCancellation

    package init(topology: Topology) { cancellation = TicketCancellation(topology: topology) }

    package func handle(_ payload: TicketCancelled, in context: MessageContext) async throws -> Outcome {
        let result = try await context.transaction { transaction in
            let result = try await cancellation.cancel(
                payload.name,
                eventID: payload.eventID,
                correlationID: context.correlationID,
                tells: false
            ) { try await transaction.execute($0) }
            if result == .unknown { throw UnknownTicket(name: payload.name) }
            return result
        }
        guard result != .ambiguous else {
            throw InvalidPayload(field: "ticketId", problem: "missing, and several tickets have that code")
        }
        return .done
    }
}

/// There is no such ticket, or not yet.
struct UnknownTicket: Error, Sendable, CustomStringConvertible {
    let name: TicketCancellation.Name

    var description: String {
        switch name {
        case .id(let id): "there is no ticket \(id)"
        case .code(let code): "there is no ticket with the code \(code)"
        }
    }
}
