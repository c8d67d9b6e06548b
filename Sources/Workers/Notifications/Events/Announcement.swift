/// What an event tells, by which template, and whom.
struct Announcement: Sendable {
    let template: String
    let to: [RecipientSelector]
    let data: TemplateData
    var channels: [Channel] = [.email, .inApp]
    var priority = NotificationPriority.normal
    /// Whether it is no error when there is no recipient.
    var allowsNoRecipient = false
    /// Whether what is wrong with it keeps the event's other announcements from nothing.
    var standsAlone = false
    var eventID: String?

    var request: NotificationRequest {
        var request = NotificationRequest(
            template: template,
            to: to,
            channels: channels,
            data: data.members,
            eventID: eventID
        )
        request.priority = priority
        request.allowsNoRecipient = allowsNoRecipient
        request.standsAlone = standsAlone
        return request
    }
}
