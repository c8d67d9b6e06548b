package import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform

/// `ticket.generation.requested`: a job of many tickets of one event.
///
/// ```json
/// {"job_id": "uuid-123", "event_id": 456,
///  "tickets": [{"ticket_id": 789, "ticket_code": "TKT-001", "guest_name": "John Doe", "type": "standard",
///               "template_id": 12}],
///  "template_data": {"event_title": "Tech Conference 2026", "event_date": "2026-06-15T09:00:00Z"}}
/// ```
/// Names in camel case are taken as well. docs/tickets.md lists every field.
package struct TicketJobRequest: Decodable, WholeBody, Sendable {
    /// Tickets in a job: the event that reports them has to fit into a message.
    package static let largest = 5_000

    /// `nil` takes the id of the job, or of the message.
    package let jobID: ExternalID?
    let eventID: ExternalID
    let details: EventDetails
    let entries: [TicketEntry]
    /// Who is notified of the whole, as the job named them: `organizerId`, `organizerEmail`, `requestedBy`.
    let recipientMembers: [JSONValue.Member]
    /// Of the whole body.
    let hash: [UInt8]

    /// - Throws: `InvalidPayload` for what is wrong with all of it. A faulty ticket is an entry like the others.
    package init(body: [UInt8]) throws(InvalidPayload) {
        let value = try JSONValue(body)
        guard case .members = value else { throw InvalidPayload(field: "", problem: "expected an object") }
        let reader = JSONObjectReader(value, path: "")
        jobID = try reader.ticketID("job_id", "jobId", limit: 255)
        guard let eventID = try reader.ticketID("event_id", "eventId") else {
            throw reader.refuse("event_id", "missing")
        }
        self.eventID = eventID
        let data = reader.present(["template_data", "templateData"])
        guard let details = reader.value(data), case .members = details else {
            throw reader.refuse(data, reader.value(data) == nil ? "missing" : "expected an object")
        }
        self.details = try EventDetails(JSONObjectReader(details, path: data + "."))
        guard let tickets = reader.value("tickets") else { throw reader.refuse("tickets", "missing") }
        guard case .array(let elements) = tickets else { throw reader.refuse("tickets", "expected a list") }
        guard (1...Self.largest).contains(elements.count) else {
            throw reader.refuse("tickets", "expected 1 to \(Self.largest) tickets, found \(elements.count)")
        }
        var seen: Set<String> = []
        entries = elements.enumerated().map { index, element in
            TicketEntry(element, path: "tickets.\(index).", seen: &seen)
        }
        recipientMembers = try Self.recipientMembers(reader)
        hash = SHA256.digest(body)
    }

    private static func recipientMembers(_ reader: JSONObjectReader) throws(InvalidPayload) -> [JSONValue.Member] {
        let names = [
            ("organizerId", "organizer_id"), ("organizerEmail", "organizer_email"), ("requestedBy", "requested_by"),
        ]
        var members: [JSONValue.Member] = []
        for (name, other) in names {
            guard let id = try reader.ticketID(name, other, limit: 255) else { continue }
            members.append(.init(name: name, value: id.json))
        }
        return members
    }
}

extension TicketEntry {
    /// - Parameter seen: the ids of the tickets before.
    fileprivate init(_ element: JSONValue, path: String, seen: inout Set<String>) {
        let reader = JSONObjectReader(element, path: path)
        let id = try? reader.ticketID("ticket_id", "ticketId")
        let code = try? reader.text(reader.present(["ticket_code", "ticketCode"]), limit: 255)
        do throws(InvalidPayload) {
            let ticket = try TicketRequest(reader)
            guard seen.insert(ticket.id.text).inserted else {
                let problem = TicketProblem(code: .duplicate, message: "ticket \(ticket.id.text) stands here twice")
                self = .faulty(id: id, code: code, problem)
                return
            }
            self = .ticket(ticket)
        } catch {
            self = .faulty(id: id, code: code, TicketProblem(code: .invalid, message: error.description))
        }
    }
}

extension TicketRequest {
    fileprivate init(_ reader: JSONObjectReader) throws(InvalidPayload) {
        guard let id = try reader.ticketID("ticket_id", "ticketId") else {
            throw reader.refuse("ticket_id", "missing")
        }
        self.id = id
        guard let code = try reader.text(reader.present(["ticket_code", "ticketCode"]), limit: 255), !code.isEmpty
        else { throw reader.refuse("ticket_code", "missing") }
        self.code = code
        guestName = try reader.text(reader.present(["guest_name", "guestName"]), limit: 1_000) ?? ""
        let emailName = reader.present(["guest_email", "guestEmail"])
        guestEmail = try reader.text(emailName, limit: 320)
        if let guestEmail {
            do throws(FieldError) { _ = try MailAddress(guestEmail, field: emailName) } catch {
                throw reader.refuse(emailName, error.problem)
            }
        }
        guestID = try reader.ticketID("guest_id", "guestId", limit: 255)?.text
        type = try reader.text("type", limit: 100).flatMap { $0.isEmpty ? nil : $0 } ?? "standard"
        template = try reader.ticketID("template_id", "templateId", limit: 100)
        let endName = reader.present(["expires_at", "expiresAt"])
        end = try reader.time(endName)
        guard end.map({ (1...Int64(UInt32.max)).contains($0.microseconds / 1_000_000) }) ?? true else {
            throw reader.refuse(endName, "expected a time after 1970 and before 2106-02-07T06:28:16Z")
        }
    }
}

extension JSONObjectReader {
    /// The first of the names that has a value; the first of all when none has.
    func present(_ names: [String]) -> String { names.first { value($0) != nil } ?? names[0] }

    /// An id that fits into a token, unless the limit is another.
    fileprivate func ticketID(
        _ names: String...,
        limit: Int = TicketToken.longestID
    ) throws(InvalidPayload) -> ExternalID? {
        let name = present(names)
        guard let value = value(name) else { return nil }
        if case .number(let text) = value {
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }),
                text.utf8.count <= limit
            else { throw refuse(name, "expected a whole number or a text of at most \(limit) bytes") }
            return ExternalID(text, isNumber: true)
        }
        guard let text = try text(name, limit: limit) else { return nil }
        guard !text.isEmpty else { throw refuse(name, "expected a text, found an empty one") }
        return ExternalID(text, isNumber: false)
    }
}
