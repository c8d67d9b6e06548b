import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform
import FlotillaStorage
import Workers

/// What a dispatch writes: the request, its attachments, its notifications, and the messages that deliver them.
struct DispatchStatements {
    let request: NotificationRequest
    let notifications: [PlannedNotification]
    private let requestID: String

    init(request: NotificationRequest, id: String, notifications: [PlannedNotification]) {
        self.request = request
        requestID = id
        self.notifications = notifications
    }

    func all(by topology: Topology) -> [SQLStatement] {
        var statements = [insertRequest]
        if !request.attachments.isEmpty { statements.append(insertAttachments) }
        statements.append(insertNotifications)
        let deliveries = notifications.filter { $0.status == .queued }
            .map { message(for: $0, exchange: topology.commands.name) }
        let events = notifications.compactMap { event(of: $0, exchange: topology.events.name) }
        if !(deliveries + events).isEmpty {
            statements.append(Outbox.insert(deliveries + events, notBefore: request.scheduledAt))
        }
        return statements
    }

    /// What has ended already is reported at once.
    private func event(of notification: PlannedNotification, exchange: String) -> OutgoingMessage? {
        guard notification.status == .sent || notification.status == .failed else { return nil }
        let outcome = NotificationOutcome(
            notificationID: notification.id,
            channel: notification.channel,
            template: notification.template.name,
            recipient: notification.recipient.key.text,
            reason: notification.reason,
            eventID: request.eventID
        )
        return outcome.event.message(causedBy: nil, request.correlationID, exchange)
    }

    private var insertRequest: SQLStatement {
        SQLStatement(
            """
            INSERT INTO notification_requests
                (id, template, data, cause, correlation_id, created_by, time_zone)
            VALUES ($1, $2, $3, $4::text, $5::text, $6::text, $7::text)
            """,
            [
                .text(requestID), .text(request.template), .text(JSONValue.members(request.data).json),
                .optional(request.cause),
                .optional(request.correlationID), .optional(request.createdBy), .optional(request.timeZone),
            ]
        )
    }

    private var insertAttachments: SQLStatement {
        let attachments = request.attachments
        return SQLStatement(
            """
            INSERT INTO notification_attachments (request_id, position, file_name, content_type, content)
            SELECT $1, position, file_name, content_type, content
            FROM unnest($2, $3, $4, $5) AS new (position, file_name, content_type, content)
            """,
            [
                .text(requestID), .intArray(attachments.indices.map { Int64($0) }),
                .textArray(attachments.map(\.fileName)), .textArray(attachments.map(\.contentType)),
                .bytesArray(attachments.map(\.content)),
            ]
        )
    }

    private var insertNotifications: SQLStatement {
        func texts(_ value: (PlannedNotification) -> String?) -> SQLValue { .textArray(notifications.map(value)) }
        return SQLStatement(
            """
            INSERT INTO notifications (request_id, priority, event_id, scheduled_at, id, channel, template, category,
                recipient, recipient_name, address, language, time_zone, subject, body, status, reason,
                unsubscribe_token, sent_at, failed_at)
            SELECT $1, $2, $3::text, $4::timestamptz, id, channel, template, category,
                recipient, recipient_name, address, language, time_zone, subject, body, status, reason,
                unsubscribe_token, CASE WHEN status = 'sent' THEN coalesce($4::timestamptz, now()) END,
                CASE WHEN status = 'failed' THEN now() END
            FROM unnest($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) AS new (id, channel, template,
                category, recipient, recipient_name, address, language, time_zone, subject, body, status, reason,
                unsubscribe_token)
            """,
            [
                .text(requestID), .text(request.priority.rawValue), .optional(request.eventID),
                request.scheduledAt.map { .timestamp($0) } ?? .null, texts(\.id), texts(\.channel.rawValue),
                texts(\.template.name), texts(\.template.category.rawValue), texts(\.recipient.key.text),
                texts(\.recipient.name), texts(\.address), texts(\.language), texts(\.timeZone), texts(\.subject),
                texts(\.body), texts(\.status.rawValue), texts(\.reason), texts(\.unsubscribeToken),
            ]
        )
    }

    private func message(for notification: PlannedNotification, exchange: String) -> OutgoingMessage {
        var outgoing = DeliveryQueue.message(
            notification.id,
            channel: notification.channel,
            priority: request.priority,
            exchange: exchange
        )
        outgoing.message.properties.correlationID = request.correlationID
        if let traceParent = request.traceParent, traceParent.utf8.count <= 512 {
            outgoing.message.headers[FleetHeader.traceParent] = .string(traceParent)
        }
        return outgoing
    }
}
