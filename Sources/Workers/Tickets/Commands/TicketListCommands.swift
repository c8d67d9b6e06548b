import FlotillaCommandLineKit
import FlotillaModels
import FlotillaModules
import FlotillaPlatform

/// `flotilla ticket list|show|stop`: what has been made, and ending what is being made.
enum TicketListCommands {
    private static let id = Argument<String>("TICKET", "The ticket's id")
    private static let job = Argument<String>("JOB", "The job's id, as its sender gave it")
    private static let ofEvent = Option<String>("event", "ID", "Only tickets of this event")
    private static let ofJob = Option<String>("job", "ID", "Only tickets of this job")
    private static let code = Option<String>("code", "CODE", "Only tickets with this code")
    private static let limit = Option<Int>("limit", "NUMBER", "How many at most, up to 500").defaulting(to: 50)

    static let list = Command(
        "list",
        "Lists tickets that have been made, by their ids",
        takes: [ofEvent, ofJob, code, limit, OutputFormat.option],
        examples: ["flotilla ticket list --event 456", "flotilla ticket list --job uuid-123 --output json"]
    ) { invocation in
        guard (1...500).contains(invocation[limit]) else { throw UsageError("--limit is a number from 1 to 500") }
        let filter = TicketRecords.Filter(
            eventID: invocation[ofEvent],
            jobID: invocation[ofJob],
            code: invocation[code],
            limit: invocation[limit]
        )
        let tickets = try await invocation.configuration().withPostgres { pool in
            try await TicketRecords(pool).list(filter)
        }
        let shown = tickets.map(ShownTicket.init)
        try invocation.show(
            shown,
            as: Table(
                ["ticket", "event", "code", "guest", "type", "template", "file", "made"],
                shown.map { ticket in
                    [
                        ticket.ticketId, ticket.eventId, ticket.code, ticket.guestName ?? "–", ticket.type,
                        ticket.template, ticket.filePath ?? "–", ticket.generatedAt,
                    ]
                }
            )
        )
        return .done
    }

    static let show = Command(
        "show",
        "Shows one ticket",
        takes: [id, OutputFormat.option],
        examples: ["flotilla ticket show 789", "flotilla ticket show 789 --output json"]
    ) { invocation in
        let id = invocation[id]
        let found = try await invocation.configuration().withPostgres { pool in
            try await TicketRecords(pool).get(id)
        }
        guard let found else { throw CommandError("there is no ticket \(id)", remedy: "see flotilla ticket list") }
        let ticket = ShownTicket(found)
        try invocation.show(
            ticket,
            as: Table(
                ["what", ""],
                [
                    ["ticket", ticket.ticketId], ["event", "\(ticket.eventId) \(ticket.eventTitle)"],
                    ["code", ticket.code], ["guest", ticket.guestName ?? "–"], ["type", ticket.type],
                    ["template", ticket.template], ["job", ticket.jobId], ["key", ticket.keyId],
                    ["file", ticket.filePath.map { "\($0), \(ticket.fileSize) bytes" } ?? "–"],
                    ["address", ticket.fileUrl ?? "–"],
                    ["issued", ticket.issuedAt], ["expires", ticket.expiresAt ?? "–"], ["made", ticket.generatedAt],
                    ["cancelled", ticket.cancelledAt ?? "–"], ["token", ticket.token],
                    ["not drawn", ticket.missingCharacters ?? "–"],
                ]
            )
        )
        return .done
    }

    static let stop = Command(
        "stop",
        "Stops a job after the group of 64 tickets that it is at; what is made stays",
        takes: [job],
        examples: ["flotilla ticket stop uuid-123"]
    ) { invocation in
        let id = invocation[job]
        let configuration = try invocation.configuration()
        let isStopped = try await configuration.withPostgres { pool in
            guard try await TicketRecords(pool).stop(job: id) else { return false }
            try await OperatorEvent("ticket.stop", of: id).record(in: pool, configuration)
            return true
        }
        guard isStopped else { throw CommandError("no job \(id) is running") }
        invocation.console.note("Job \(id) stops after the tickets that it is at")
        return .done
    }

    private struct ShownTicket: Encodable {
        let ticketId, eventId, eventTitle, code: String
        let guestName: String?
        let type, template, jobId, keyId, token: String
        let filePath, fileUrl: String?
        let fileSize: Int
        let issuedAt: String
        let expiresAt: String?
        let generatedAt: String
        let cancelledAt, missingCharacters: String?

        init(_ ticket: GeneratedTicket) {
            ticketId = ticket.ticketID.text
            eventId = ticket.eventID.text
            eventTitle = ticket.eventTitle
            code = ticket.code
            guestName = ticket.guestName
            type = ticket.type
            template = ticket.template
            jobId = ticket.jobID
            keyId = ticket.keyID
            token = ticket.token
            filePath = ticket.hasFile ? ticket.path : nil
            fileUrl = ticket.hasFile ? ticket.url : nil
            fileSize = ticket.size
            issuedAt = WallClock.iso8601(ticket.issuedAt)
            expiresAt = ticket.expiresAt.map { WallClock.iso8601($0) }
            generatedAt = WallClock.iso8601(ticket.generatedAt)
            cancelledAt = ticket.cancelledAt.map { WallClock.iso8601($0) }
            missingCharacters = ticket.missingCharacters
        }
    }
}
