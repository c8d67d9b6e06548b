package import FlotillaHTTPRouting
package import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage

/// `/api/v1/tickets/{code}/cancel`: takes a ticket back.
package struct TicketCancelRoutes: Sendable {
    private enum Body {
        static let ticketID = Field.optional(
            "ticketId",
            .identifier(longest: TicketToken.longestID),
            "Tells apart tickets of one code, those of one event too."
        )
        static let eventID = Field.optional(
            "eventId",
            .identifier(longest: TicketToken.longestID),
            "Tells apart tickets of one code where each event has one."
        )
        static let reason = Field.optional("reason", .string(length: 1...500), "Why; it is in the event.")
        static let fields: Fields = [ticketID, eventID, reason]
    }

    private let pool: PostgresPool
    private let cancellation: TicketCancellation

    package init(_ pool: PostgresPool, topology: Topology) {
        self.pool = pool
        cancellation = TicketCancellation(topology: topology)
    }

    package var routes: [Route] {
        ["/api/v1/tickets", "/api/tickets"].map { base in
            Route(
                "POST",
                "\(base)/{code}/cancel",
                access: .scope(.operate),
                summary:
                    "Take a ticket back, by its code: the door refuses it from now on. A second time changes nothing.",
                body: Body.fields,
                examples: [("refund", #"{"eventId":456,"reason":"refunded"}"#)],
                holdsSecrets: true,
                answers: [
                    .of(200, "The ticket is cancelled.", Schemas.cancelledTicket),
                    .of(404, "There is no such ticket."),
                    .of(409, "Several tickets have that code: give ticketId, or eventId where each event has one."),
                ],
                handler: cancel
            )
        }
    }

    private func cancel(_ call: Call) async throws -> HTTPResponse {
        let code = call.parameter("code")
        guard code.utf8.count <= 255, !code.utf8.contains(0) else {
            throw APIError.invalid([.init(field: "code", message: "has to be 1 to 255 bytes long, without NUL")])
        }
        let result = try await pool.transaction { transaction in
            try await cancellation.cancel(
                .code(code),
                ticketID: call.body[Body.ticketID]?.text,
                eventID: call.body[Body.eventID]?.text,
                reason: call.body[Body.reason],
                correlationID: call.correlationID,
                tells: true
            ) { try await transaction.pipeline($0) }
        }
        switch result {
        case .cancelled(let ticket, let at, let isNew):
            var data = JSONObject()
            data.add("ticketId", json: ticket.ticketID.json.json)
            data.add("ticketCode", ticket.code)
            data.add("eventId", json: ticket.eventID.json.json)
            data.add("cancelledAt", WallClock.iso8601(at))
            data.add("isNew", isNew)
            return Envelope.success(data.closed)
        case .unknown: throw APIError.notFound("such ticket with the code \(code)")
        case .ambiguous:
            let ofOneEvent = call.body[Body.eventID] != nil
            throw APIError(
                status: 409,
                code: "ambiguous_ticket",
                message: "Several tickets\(ofOneEvent ? " of the event" : "") have that code.",
                details: [
                    .init(
                        field: ofOneEvent ? "ticketId" : "eventId",
                        message: ofOneEvent
                            ? "is needed to tell them apart"
                            : "is needed to tell them apart; ticketId where one event has several of them"
                    )
                ]
            )
        }
    }
}
