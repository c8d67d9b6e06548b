import FlotillaStorage

/// A notification as its row has it. Times are microseconds since 1970.
package struct NotificationRecord: Sendable {
    package let id: String
    package let channel: Channel
    package let status: NotificationStatus
    /// An address or a number; in an application the recipient's key.
    package let recipient: String
    package let subject: String
    package let template: String
    package let language: String
    /// The text that an application shows.
    package let body: String?
    package let provider: String?
    package let providerMessageID: String?
    /// Why it has failed or was suppressed, or what a provider last said.
    package let reason: String?
    package let priority: String
    package let eventID: String?
    package let attempts: Int
    package let createdAt: Int64
    package let scheduledAt: Int64?
    package let sentAt: Int64?
    package let failedAt: Int64?
    package let readAt: Int64?

    static let columns = """
        id, channel, status, coalesce(address, recipient), subject, template, language, body, provider, \
        provider_message_id, reason, priority, event_id, attempts, created_at, scheduled_at, sent_at, failed_at, read_at
        """

    /// - Parameter row: begins with ``columns``.
    init(_ row: SQLRow) {
        id = row.text(0) ?? ""
        channel = row.text(1).flatMap(Channel.init) ?? .email
        status = row.text(2).flatMap(NotificationStatus.init) ?? .queued
        recipient = row.text(3) ?? ""
        subject = row.text(4) ?? ""
        template = row.text(5) ?? ""
        language = row.text(6) ?? ""
        body = row.text(7)
        provider = row.text(8)
        providerMessageID = row.text(9)
        reason = row.text(10)
        priority = row.text(11) ?? ""
        eventID = row.text(12)
        attempts = Int(row.int(13) ?? 0)
        createdAt = row.timestamp(14) ?? 0
        scheduledAt = row.timestamp(15)
        sentAt = row.timestamp(16)
        failedAt = row.timestamp(17)
        readAt = row.timestamp(18)
    }
}
