import FlotillaModels
import FlotillaPlatform
import Workers

/// `notification.sent` and `notification.failed`, as the fleet publishes them.
struct NotificationOutcome {
    static let sent = "notification.sent"
    static let failed = "notification.failed"

    var notificationID: String
    var channel: Channel
    var template: String
    var recipient: String
    var provider: String?
    var providerMessageID: String?
    /// Why it failed; `nil` when it was sent.
    var reason: String?
    var eventID: String?

    var event: OutgoingEvent {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ text: String?) {
            if let text { members.append(.init(name: name, value: .string(text))) }
        }
        add("notificationId", notificationID)
        add("type", channel.rawValue)
        add("template", template)
        add("recipient", recipient)
        add("status", reason == nil ? "sent" : "failed")
        add("provider", provider)
        add("providerMessageId", providerMessageID)
        add("reason", reason)
        if let eventID { members.append(.init(name: "eventId", value: ExternalID.likely(eventID).json)) }
        add("timestamp", WallClock.iso8601())
        let name = reason == nil ? Self.sent : Self.failed
        return OutgoingEvent(name: name, body: Array(JSONValue.members(members).json.utf8))
    }
}
