import FlotillaModels
import FlotillaOutbound
import FlotillaStorage

/// A notification that this process alone is sending, until its lease ends.
struct ClaimedNotification: Sendable {
    let id: String
    let channel: Channel
    let template: Template
    let recipient: String
    let name: String?
    let address: String
    let language: String
    let timeZone: String?
    /// The zone that the request named, in which its times without an offset are written.
    let writtenIn: String?
    let priority: NotificationPriority
    let eventID: String?
    let unsubscribeToken: String?
    let data: JSONValue
    let preferences: NotificationPreferences
    /// Whether the recipient has been deleted since it was asked for.
    let isRecipientGone: Bool
    let attachments: [MailMessage.Attachment]

    /// - Parameters:
    ///   - row: of ``DeliveryStatements/claim(_:for:takesFailed:)``.
    ///   - attachments: the rows of ``DeliveryStatements/attachments(of:)``.
    ///   - address: where to send it instead of the address on record.
    init(_ row: SQLRow, attachments: SQLResult, address: String?) throws(InvalidPayload) {
        id = row.text(0) ?? ""
        channel = row.text(1).flatMap(Channel.init) ?? .email
        let category = row.text(3).flatMap(Template.Category.init) ?? .transactional
        template = Template(name: row.text(2) ?? "", category: category, channels: [channel])
        recipient = row.text(4) ?? ""
        name = row.text(5)
        self.address = address ?? row.text(6) ?? ""
        language = row.text(7) ?? ""
        timeZone = row.text(8)
        writtenIn = row.text(15)
        priority = row.text(9).flatMap(NotificationPriority.init) ?? .normal
        eventID = row.text(10)
        unsubscribeToken = row.text(11)
        data = try JSONValue(row.bytes(12) ?? Array("{}".utf8))
        preferences = NotificationPreferences(texts: row.texts(13) ?? [])
        isRecipientGone = row.bool(14) ?? false
        self.attachments = attachments.map { row in
            MailMessage.Attachment(
                fileName: row.text(0) ?? "",
                contentType: row.text(1) ?? "",
                content: row.bytes(2) ?? []
            )
        }
    }

    /// Why it is not to be sent any more, or `nil` when it is.
    var objection: String? {
        isRecipientGone ? RecipientChange.deletionReason : preferences.objection(to: template, on: channel)
    }

    /// What is published about it once it has been sent, or has failed for the reason.
    func outcome(provider: String?, messageID: String? = nil, reason: String? = nil) -> NotificationOutcome {
        NotificationOutcome(
            notificationID: id,
            channel: channel,
            template: template.name,
            recipient: recipient,
            provider: provider,
            providerMessageID: messageID,
            reason: reason,
            eventID: eventID
        )
    }
}
