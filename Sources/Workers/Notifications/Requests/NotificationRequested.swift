import FlotillaHTTPRouting
import FlotillaModels
import FlotillaPlatform
import Workers

/// `notification.requested`: that somebody has asked for notifications over HTTP. With it the audit log knows who it was.
struct NotificationRequested {
    static let name = "notification.requested"

    let id: String
    let request: NotificationRequest
    let notifications: [PlannedNotification]

    func message(to exchange: String) -> OutgoingMessage {
        var body = JSONObject()
        body.add("requestId", id)
        body.add("type", request.channels.map(\.rawValue).joined(separator: ","))
        body.add("template", request.template)
        body.add("count", notifications.count)
        if notifications.count == 1, let only = notifications.first {
            body.add("notificationId", only.id)
            body.add("recipient", only.recipient.key.text)
        }
        if let eventID = request.eventID { body.add("eventId", json: ExternalID.likely(eventID).json.json) }
        body.add("timestamp", WallClock.iso8601())
        let event = OutgoingEvent(name: Self.name, body: Array(body.closed.utf8))
        return event.message(causedBy: nil, request.correlationID, exchange)
    }
}
