import FlotillaModels

/// `customer.*`: customers are created, changed and removed, and are notified of their status.
enum CustomerEvents {
    static func changed(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        EventEffect(changes: [try change(event)])
    }

    static func deleted(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        var change = RecipientChange(.customer(try id(event)), changedAt: try event.time)
        change.isDeletion = true
        return EventEffect(changes: [change])
    }

    static func notify(_ template: String, _ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        var data = TemplateData()
        data.add("reason", try event.fields.text("reason"))
        let announcement = Announcement(template: template, to: [.company(try id(event))], data: data)
        return EventEffect(changes: [try change(event)], announcements: [announcement])
    }

    private static func id(_ event: NotifiedEvent) throws(InvalidPayload) -> String {
        try event.fields.requiredIdentifier("customerId", "customer_id")
    }

    private static func change(_ event: NotifiedEvent) throws(InvalidPayload) -> RecipientChange {
        var change = RecipientChange(.customer(try id(event)), changedAt: try event.time)
        try change.readContact(event.fields)
        return change
    }
}
