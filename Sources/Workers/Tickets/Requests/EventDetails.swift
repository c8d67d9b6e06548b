import FlotillaLocalization
import FlotillaModels
import FlotillaTicketDocuments

/// What all tickets of a job say of their event (`template_data`).
struct EventDetails: Sendable {
    let title: String
    let startsAt: WrittenTime?
    /// As it was written.
    let dateText: String?
    let place: String?
    let organizer: String?
    let terms: String?
    /// A BCP 47 tag; `nil`, and languages that no ticket is labelled in, take the default.
    let language: String?
    /// `nil` takes the default.
    let zone: NamedTimeZone?
    let accent: Color?
    let logo: Logo?
}

extension EventDetails {
    /// - Throws: `InvalidPayload`, which names the field: what is wrong here is wrong with every ticket.
    init(_ reader: JSONObjectReader) throws(InvalidPayload) {
        func text(_ names: String..., limit: Int) throws(InvalidPayload) -> String? {
            let text = try reader.text(reader.present(names), limit: limit)
            return text.flatMap { $0.isEmpty ? nil : $0 }
        }
        guard let title = try text("event_title", "eventTitle", limit: 1_000) else {
            throw reader.refuse("event_title", "missing")
        }
        self.title = title
        let dateName = reader.present(["event_date", "eventDate"])
        dateText = try reader.text(dateName, limit: 40)
        startsAt = try dateText.map { text throws(InvalidPayload) in
            guard let time = WrittenTime(text) else {
                throw reader.refuse(dateName, "expected an ISO 8601 time such as 2026-06-15T09:00:00Z")
            }
            return time
        }
        place = try text("event_location", "eventLocation", "location", "place", limit: 1_000)
        organizer = try text("organizer", "organizer_name", "organizerName", limit: 300)
        terms = try text("terms", limit: 10_000)
        language = try text("language", limit: 35)
        zone = try Self.zone(reader)
        accent = try Self.accent(reader)
        logo = try Self.logo(reader)
    }

    private static func zone(_ reader: JSONObjectReader) throws(InvalidPayload) -> NamedTimeZone? {
        let name = reader.present(["time_zone", "timeZone"])
        guard let text = try reader.text(name, limit: 64), !text.isEmpty else { return nil }
        guard let zone = NamedTimeZone.named(text) else {
            throw reader.refuse(name, "expected a time zone such as Europe/Paris")
        }
        return zone
    }

    private static func accent(_ reader: JSONObjectReader) throws(InvalidPayload) -> Color? {
        guard let text = try reader.text("color", limit: 20), !text.isEmpty else { return nil }
        guard let color = Color(text: text) else { throw reader.refuse("color", "expected a colour such as #3a3fa0") }
        return color
    }

    /// A PNG picture in base64, with or without the head of a data URL.
    private static func logo(_ reader: JSONObjectReader) throws(InvalidPayload) -> Logo? {
        guard let text = try reader.text("logo", limit: Logo.largest * 2), !text.isEmpty else { return nil }
        let head = "data:image/png;base64,"
        guard let bytes = Base64.decode(text.hasPrefix(head) ? String(text.dropFirst(head.utf8.count)) : text) else {
            throw reader.refuse("logo", "expected a PNG picture in base64")
        }
        do throws(TicketDocumentError) {
            return try Logo(png: bytes)
        } catch { throw reader.refuse("logo", error.detail) }
    }
}
