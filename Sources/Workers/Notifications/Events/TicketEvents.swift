import FlotillaModels

/// `ticket.completed`: guests get their tickets, and the organiser the sum of it.
enum TicketEvents {
    /// For a generation that names neither guests' addresses nor an organiser, nobody is notified. A guest whose
    /// address or ticket can't be sent is on record as failed, and keeps nobody else from theirs.
    static func completed(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        let title = try fields.text("eventTitle", "event_title")
        let eventID = try fields.identifier("eventId", "event_id")
        var effect = EventEffect()
        if let value = try fields.value("tickets"), case .array(let tickets) = value {
            effect.announcements = tickets.compactMap { guest($0, title: title) }
        }
        if let announcement = try organizer(fields, title: title) { effect.announcements.append(announcement) }
        for index in effect.announcements.indices {
            effect.announcements[index].eventID = eventID
            effect.announcements[index].standsAlone = true
        }
        return effect
    }

    private static func guest(_ ticket: JSONValue, title: String?) -> Announcement? {
        func text(_ names: String...) -> String? {
            for name in names {
                if case .string(let text)? = ticket[name], !text.isEmpty { return text.keepable }
            }
            return nil
        }
        guard ticket["success"] != .boolean(false), let address = text("guestEmail", "guest_email") else { return nil }
        let name = text("guestName", "guest_name")
        var data = TemplateData()
        data.add("event_title", title)
        data.add("ticket_url", text("fileUrl", "file_url", "ticketUrl", "ticket_url"))
        data.add("guest_name", name)
        data.add("ticket_code", text("ticketCode", "ticket_code"))
        data.add("ticket_type", text("type", "ticketType"))
        data.add("event_date", text("eventDate", "event_date"))
        data.add("event_location", text("eventLocation", "event_location"))
        return Announcement(
            template: "ticket_generated",
            to: [.email(String(address.prefix(320)), name: name)],
            data: data,
            channels: [.email]
        )
    }

    private static func organizer(_ fields: EventFields, title: String?) throws(InvalidPayload) -> Announcement? {
        let selector: RecipientSelector
        if let id = try fields.identifier("organizerId", "organizer_id", "requestedBy", "requested_by") {
            selector = .user(id)
        } else if let address = try fields.identifier("organizerEmail", "organizer_email") {
            selector = .email(address, name: nil)
        } else {
            return nil
        }
        let summary = try fields.value("summary")
        var data = TemplateData()
        data.add("event_title", title)
        for name in ["total", "successful", "failed"] { data.add(name, summary?[name]) }
        data.add("download_url", try fields.text("downloadUrl", "download_url"))
        return Announcement(template: "tickets_ready", to: [selector], data: data)
    }
}

extension String {
    /// With another control character where a record can't keep U+0000; it is refused all the same.
    fileprivate var keepable: String {
        utf8.contains(0) ? String(unicodeScalars.map { $0.value == 0 ? "\u{1}" : Character($0) }) : self
    }
}
