import FlotillaStorage

/// Which rows of the audit log are meant; all that is given has to hold.
package struct AuditFilter: Sendable, Hashable {
    /// An event's name, or `entity.*`.
    package var event: String?
    /// One of these events.
    package var events: [String]?
    package var actor: String?
    package var subject: String?
    package var correlationID: String?
    package var service: String?
    package var messageID: String?
    /// From whom it came in: `key:3f9a0c11d2e4`.
    package var receivedBy: String?
    /// What the caller called it.
    package var receivedID: String?
    /// When rows were recorded, in microseconds since 1970: from, and before.
    package var since: Int64?
    package var until: Int64?

    package init() {}

    /// The events by which somebody saw something, with what they call it.
    package static let accesses = [
        (type: "profile", event: "profile.viewed"), (type: "document", event: "document.accessed"),
    ]

    /// An SQL condition, with its parameters added to `values`.
    func condition(_ values: inout [SQLValue]) -> String {
        var conditions: [String] = []
        func add(_ text: String, _ value: SQLValue) {
            values.append(value)
            conditions.append(text.replacing("?", with: "$\(values.count)"))
        }
        if let event {
            if event.hasSuffix(".*") {
                add("starts_with(event, ?)", .text(String(event.dropLast())))
            } else {
                add("event = ?", .text(event))
            }
        }
        if let events { add("event = ANY (?)", .textArray(events)) }
        if let actor { add("actor = ?", .text(actor)) }
        if let subject { add("subject = ?", .text(subject)) }
        if let correlationID { add("correlation_id = ?", .text(correlationID)) }
        if let service { add("service = ?", .text(service)) }
        if let messageID { add("message_id = ?", .text(messageID)) }
        if let receivedBy { add("received_by = ?", .text(receivedBy)) }
        if let receivedID { add("received_id = ?", .text(receivedID)) }
        if let since { add("recorded_at >= ?", .timestamp(since)) }
        if let until { add("recorded_at < ?", .timestamp(until)) }
        return conditions.isEmpty ? "true" : conditions.joined(separator: " AND ")
    }
}
