package import FlotillaModels
package import FlotillaOutbound

/// A notification to send and its recipients, as a command, an event or an HTTP request asks for it.
package struct NotificationRequest: Sendable {
    package var template: String
    package var to: [RecipientSelector]
    /// The channels to use; a recipient whom one of them can't find is reached by the others.
    package var channels: [Channel]
    /// The template's variables.
    package var data: [JSONValue.Member]
    /// Overrides the recipients' own.
    package var language: String?
    package var timeZone: String?
    package var priority: NotificationPriority = .normal
    /// Not before; microseconds since 1970.
    package var scheduledAt: Int64?
    package var attachments: [MailMessage.Attachment] = []
    /// Whether it is no error when there is no recipient.
    package var allowsNoRecipient = false
    /// Whether other requests of the same message are kept from nothing by this one: what it has wrong becomes a failed
    /// notification instead of an error.
    package var standsAlone = false
    /// The event, as in a fair or a concert, that it belongs to.
    package var eventID: String?
    /// The id of the message that caused it.
    package var cause: String?
    package var correlationID: String?
    package var traceParent: String?
    package var createdBy: String?

    package init(
        template: String,
        to: [RecipientSelector],
        channels: [Channel],
        data: [JSONValue.Member],
        eventID: String? = nil
    ) {
        self.template = template
        self.to = to
        self.channels = channels
        self.data = data
        self.eventID = eventID
    }
}
