import FlotillaModels
import FlotillaPlatform

/// What the core receives about a job, in the shape of the seed; and, with the guests, what the fleet's own event says.
struct TicketReport: Sendable {
    let jobID: ExternalID
    let status: TicketJobRecord.Status
    /// Microseconds since 1970.
    let timestamp: Int64
    /// When the event is, as the job wrote it, or in UTC where it wrote no offset.
    let eventDate: String?
    let summary: TicketSummary
    let outcomes: [TicketOutcome]

    /// The body of the webhook: `eventType`, `jobId`, `status`, `timestamp`, and `data` with `tickets` and `summary`.
    var webhook: [UInt8] { Array(JSONValue.members(head + [data(withGuestsOf: nil)]).json.utf8) }

    /// The event `ticket.completed`: as the webhook, with the event and the guests, who get mail.
    func event(of jobRequest: TicketJobRequest) -> [UInt8] {
        let event: [JSONValue.Member] = [
            .init("eventId", jobRequest.eventID.json), .init("eventTitle", .string(jobRequest.details.title)),
        ]
        return Array(
            JSONValue.members(head + event + jobRequest.recipientMembers + [data(withGuestsOf: jobRequest)]).json.utf8
        )
    }

    private var head: [JSONValue.Member] {
        [
            .init("eventType", .string(TicketWorker.completed)), .init("jobId", jobID.json),
            .init("status", .string(status.rawValue)), .init("timestamp", .string(WallClock.iso8601(timestamp))),
        ]
    }

    private func data(withGuestsOf jobRequest: TicketJobRequest?) -> JSONValue.Member {
        var summary: [JSONValue.Member] = [
            .init("total", .number("\(summary.total)")), .init("successful", .number("\(summary.successful)")),
            .init("failed", .number("\(summary.failed)")),
            .init("processingTime", .number("\(summary.processingTime)")),
        ]
        let incomplete = outcomes.count { (try? $0.result.get())?.missingCharacters != nil }
        if incomplete > 0 { summary.append(.init("withMissingCharacters", .number("\(incomplete)"))) }
        return .init(
            "data",
            .members([
                .init("tickets", .array(outcomes.map { ticket($0, jobRequest) })), .init("summary", .members(summary)),
            ])
        )
    }

    private func ticket(_ outcome: TicketOutcome, _ jobRequest: TicketJobRequest?) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("ticketId", outcome.ticketID?.json ?? .null), .init("ticketCode", .text(outcome.code)),
        ]
        switch outcome.result {
        case .success(let ticket):
            members += [
                .init("qrCodeData", .string(ticket.token)), .init("fileUrl", .string(ticket.url)),
                .init("filePath", .string(TicketAddress.shownPath(ticket.path))),
                .init("generatedAt", .string(WallClock.iso8601(ticket.generatedAt))), .init("success", .boolean(true)),
            ]
            // Not which: they are of the guest's name.
            if ticket.missingCharacters != nil { members.append(.init("missingCharacters", .boolean(true))) }
            if let jobRequest { members += guest(of: ticket, jobRequest) }
        case .failure(let problem):
            members += [
                .init("success", .boolean(false)), .init("errorCode", .string(problem.code.rawValue)),
                .init("error", .string(problem.message)),
            ]
        }
        return .members(members)
    }

    private func guest(of ticket: GeneratedTicket, _ jobRequest: TicketJobRequest) -> [JSONValue.Member] {
        let texts: [(String, String?)] = [
            ("guestId", ticket.guestID), ("guestName", ticket.guestName), ("guestEmail", ticket.guestEmail),
            ("type", ticket.type), ("eventDate", eventDate),
            ("eventLocation", jobRequest.details.place),
        ]
        return texts.compactMap { name, text in
            text.flatMap { $0.isEmpty ? nil : .init(name, .string($0)) }
        }
    }
}

extension JSONValue.Member {
    fileprivate init(_ name: String, _ value: JSONValue) { self.init(name: name, value: value) }
}

extension JSONValue {
    fileprivate static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
