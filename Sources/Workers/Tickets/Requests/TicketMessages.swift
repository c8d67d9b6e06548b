import FlotillaModules
import FlotillaTicketDocuments

/// The jobs and events of tickets and scans.
enum TicketMessages {
    static var all: [MessageDescription] { [generation, completed, cancelled, scanned, rejected, suspected] }

    /// A job of one ticket.
    static let example = """
        {"job_id":"uuid-123","event_id":456,"tickets":[{"ticket_id":789,"ticket_code":"TKT-001",\
        "guest_name":"John Doe","guest_email":"john@example.com","type":"standard","template_id":12}],\
        "template_data":{"event_title":"Tech Conference 2026","event_date":"2026-06-15T09:00:00Z",\
        "event_location":"Lyon"}}
        """

    private static let ticketID = PayloadField("ticketId", or: "ticket_id", is: .identifier, "The ticket.")
    private static let ticketCode = PayloadField("ticketCode", or: "ticket_code", is: .identifier, "The ticket's code.")
    private static let eventID = PayloadField("eventId", or: "event_id", is: .identifier, "The event it is for.")
    private static let timestamp = PayloadField("timestamp", is: .time, "When.")

    private static var generation: MessageDescription {
        MessageDescription(
            TicketWorker.queue,
            [.event, .job],
            from: "event service",
            "Make tickets for guests of an event. `ticket.completed` and a webhook report the end.",
            fields: generationFields,
            example: example,
            check: MessageDescription.reading(TicketJobRequest.self)
        )
    }

    static let generationFields: [PayloadField] = [
        PayloadField(
            "job_id",
            or: "jobId",
            is: .identifier,
            "By which it is made once; the job's or the message's id unless given."
        ), PayloadField("event_id", or: "eventId", is: .identifier, "The event. At most 64 bytes.").required,
        PayloadField(
            "template_data",
            or: "templateData",
            is: .object(details, isOpen: true),
            "What all tickets say of the event."
        ).required,
        PayloadField(
            "tickets",
            is: .list(.either([.object(ticket, isOpen: true), .any]), count: 1...TicketJobRequest.largest),
            "The tickets. Whatever is no such object is a faulty ticket: it is reported as one, and holds up no other."
        ).required,
        PayloadField("organizerId", or: "organizer_id", is: .identifier, "The user to tell of the end."),
        PayloadField("organizerEmail", or: "organizer_email", is: .identifier, "Or their address."),
        PayloadField("requestedBy", or: "requested_by", is: .identifier, "Or who asked for it."),
    ]

    private static let details = [
        PayloadField("event_title", or: "eventTitle", is: .string(atLeast: 1, atMost: 1_000), "The title.").required,
        PayloadField("event_date", or: "eventDate", is: .string(atMost: 40), "When it begins, in ISO 8601."),
        PayloadField(
            "event_location",
            or: "eventLocation",
            "location",
            "place",
            is: .string(atMost: 1_000),
            "Where it is."
        ),
        PayloadField("organizer", or: "organizer_name", "organizerName", is: .string(atMost: 300), "Who holds it."),
        PayloadField("terms", is: .string(atMost: 10_000), "Small print."),
        PayloadField("language", is: .string(atMost: 35), "Of the labels: en or fr."),
        PayloadField(
            "time_zone",
            or: "timeZone",
            is: .string(atMost: 64),
            "In which times are shown: Europe/Paris; FLOTILLA_TICKETS_TIME_ZONE unless given."
        ),
        PayloadField(
            "color",
            is: .either([.form("^#[0-9A-Fa-f]{6}$", length: 7), .choice([""])]),
            "Such as #3a3fa0; the template's own where it is empty."
        ),
        PayloadField("logo", is: .string(atMost: Logo.largest * 2), "A PNG picture in base64."),
    ]

    private static let ticket = [
        PayloadField("ticket_id", or: "ticketId", is: .identifier, "At most 64 bytes."),
        PayloadField("ticket_code", or: "ticketCode", is: .string(atMost: 255), "What the guest may type."),
        PayloadField("guest_name", or: "guestName", is: .string(atMost: 1_000), "The guest."),
        PayloadField("guest_email", or: "guestEmail", is: .string(atMost: 320), "Where the ticket is sent."),
        PayloadField("guest_id", or: "guestId", is: .identifier, "The guest's id among those of the event service."),
        PayloadField("type", is: .string(atMost: 100), "standard unless given."),
        PayloadField("template_id", or: "templateId", is: .identifier, "One of docs/tickets.md."),
        PayloadField("expires_at", or: "expiresAt", is: .string(atMost: 40), "After which no scan accepts it."),
    ]

    private static var completed: MessageDescription {
        MessageDescription(
            TicketWorker.completed,
            from: MessageDescription.fleet,
            "A job of tickets has ended.",
            fields: [
                PayloadField("eventType", is: .choice([TicketWorker.completed]), "The event's name.").required,
                PayloadField("jobId", is: .identifier, "The job.").required,
                PayloadField("status", is: .choice(["completed", "failed"]), "failed when no ticket was made.")
                    .required,
                timestamp.required, eventID,
                PayloadField("eventTitle", is: .string(atMost: 1_000), "The event's title."),
                PayloadField(
                    "data",
                    is: .object(
                        [
                            PayloadField("tickets", is: .list(.any, count: 0...Int.max), "Each as it ended.").required,
                            PayloadField("summary", is: .object([], isOpen: true), "Counts.").required,
                        ],
                        isOpen: true
                    ),
                    "The tickets, and a summary."
                ).required,
            ],
            example: """
                {"eventType":"ticket.completed","jobId":"uuid-123","status":"completed",\
                "timestamp":"2026-01-30T03:00:00Z","eventId":456,"eventTitle":"Tech Conference 2026",\
                "data":{"tickets":[{"ticketId":789,"ticketCode":"TKT-001","success":false,"errorCode":"invalid",\
                "error":"tickets.0.guest_email: expected an address"}],\
                "summary":{"total":1,"successful":0,"failed":1,"processingTime":12}}}
                """
        )
    }

    private static var cancelled: MessageDescription {
        MessageDescription(
            TicketCancellation.event,
            from: "event service",
            "A ticket is not to be let in any more. The fleet publishes it as well, for tickets that its API cancels.",
            fields: [
                PayloadField(
                    "ticketId",
                    or: "ticket_id",
                    is: .identifier,
                    "The ticket; or its code, and the event where several use that code."
                ), ticketCode.instead(of: "ticketId"), eventID,
                PayloadField("reason", is: .any, "Why."),
                PayloadField("timestamp", is: .any, "When it was taken back."),
            ],
            example: #"{"ticketId":789,"ticketCode":"TKT-001","eventId":456,"reason":"refunded"}"#,
            check: MessageDescription.reading(TicketCancelled.self)
        )
    }

    private static let scan = [
        PayloadField("scanId", is: .identifier, "The scan.").required, ticketID,
        PayloadField("guestId", is: .identifier, "The guest."), eventID.required,
        PayloadField("status", is: .choice(["validated", "rejected"]), "Whether the guest was let in.").required,
        PayloadField("scanCount", is: .integer(0...Int64.max), "How often the ticket was accepted."),
        PayloadField("operatorId", is: .identifier, "Who scanned.").required,
        PayloadField("location", is: .string(atMost: 255), "Where.").required,
        PayloadField("scannedAt", is: .time, "When.").required,
    ]

    private static var scanned: MessageDescription {
        MessageDescription(
            ScanResult.scanned,
            from: MessageDescription.fleet,
            "A guest was let in.",
            fields: scan,
            example: """
                {"scanId":"0190a2b4-6c1e-7d3a-9f10-2b7c6d5e4f30","ticketId":789,"guestId":"g-1","eventId":456,\
                "status":"validated","scanCount":1,"operatorId":"op-1","location":"North gate",\
                "scannedAt":"2026-06-15T08:31:00Z"}
                """
        )
    }

    private static var rejected: MessageDescription {
        let codes = ScanOutcome.allCases.filter { $0 != .valid }.map(\.rawValue)
        return MessageDescription(
            ScanResult.rejected,
            from: MessageDescription.fleet,
            "A code was not accepted at the entrance.",
            fields: scan + [PayloadField("code", is: .choice(codes), "Why.").required],
            example: """
                {"scanId":"0190a2b4-6c1e-7d3a-9f10-2b7c6d5e4f31","ticketId":789,"eventId":456,"status":"rejected",\
                "code":"already_used","scanCount":1,"operatorId":"op-1","location":"North gate",\
                "scannedAt":"2026-06-15T08:33:00Z"}
                """
        )
    }

    private static var suspected: MessageDescription {
        MessageDescription(
            ScanResult.suspected,
            from: MessageDescription.fleet,
            "A sign of fraud: a ticket in two places, or many forged codes at one.",
            fields: [
                PayloadField("sign", is: .choice(ScanSuspicion.allCases.map(\.rawValue)), "What it looks like.")
                    .required,
                PayloadField("scanId", is: .identifier, "The scan that showed it.").required, eventID.required,
                ticketID,
                PayloadField("places", is: .list(.any, count: 0...2), "Where and when the ticket was shown."),
                PayloadField("operatorId", is: .identifier, "Who scanned."),
                PayloadField("location", is: .string(atMost: 255), "Where."),
                PayloadField("count", is: .integer(0...Int64.max), "Forged codes within the window."),
                PayloadField("scannedAt", is: .time, "When.").required,
            ],
            example: """
                {"sign":"forged_burst","scanId":"0190a2b4-6c1e-7d3a-9f10-2b7c6d5e4f32","eventId":456,\
                "operatorId":"op-1","location":"North gate","count":20,"scannedAt":"2026-06-15T08:40:00Z"}
                """
        )
    }
}
