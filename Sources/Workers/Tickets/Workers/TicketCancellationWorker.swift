package import FlotillaModels
package import Workers

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
