package import FlotillaModels

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
