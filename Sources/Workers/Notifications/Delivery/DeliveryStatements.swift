import Models
import Storage

/// The steps of one notification's record while it is sent.
enum DeliveryStatements {
    /// Takes the lease, if nobody has it and the notification is still to be sent; gives its row then.
    ///
    /// - Parameter isReplay: takes one that has failed, too.
    static func claim(_ id: String, for lease: Duration, isReplay: Bool) -> SQLStatement {
        let preferences = NotificationPreferences.sql(
            of: "notification.recipient",
            "'address:' || lower(coalesce(notification.address, ''))"
        )
        return SQLStatement(
            """
            UPDATE notifications AS notification
            SET sending_until = now() + $2 * interval '1 second', attempts = attempts + 1, status = 'queued'
            FROM notification_requests AS request
            WHERE notification.id = $1 AND request.id = notification.request_id
                AND (status = 'queued' OR (status = 'failed' AND $3))
                AND (sending_until IS NULL OR sending_until < now())
            RETURNING notification.id, channel, notification.template, category, recipient, recipient_name, address,
                language, time_zone, priority, event_id, unsubscribe_token, request.data, \(preferences)
            """,
            [.text(id), .double(lease.seconds), .bool(isReplay)]
        )
    }

    static func attachments(of id: String) -> SQLStatement {
        SQLStatement(
            """
            SELECT file_name, content_type, content FROM notification_attachments
            WHERE request_id = (SELECT request_id FROM notifications WHERE id = $1) ORDER BY position
            """,
            [.text(id)]
        )
    }

    /// Why a claim got nothing: `status`, and for how many seconds another process still has the lease.
    static func state(of id: String) -> SQLStatement {
        SQLStatement(
            "SELECT status, extract(epoch FROM sending_until - now())::float8 FROM notifications WHERE id = $1",
            [.text(id)]
        )
    }

    static func sent(_ id: String, provider: String, messageID: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE notifications SET status = 'sent', provider = $2, provider_message_id = $3, sent_at = now(),
                reason = NULL, failed_at = NULL, sending_until = NULL
            WHERE id = $1
            """,
            [.text(id), .text(provider), .text(messageID)]
        )
    }

    static func failed(_ id: String, provider: String?, reason: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE notifications SET status = 'failed', provider = $2::text, reason = $3, failed_at = now(),
                sending_until = NULL
            WHERE id = $1
            """,
            [.text(id), .optional(provider), .text(reason)]
        )
    }

    static func suppressed(_ id: String, reason: String) -> SQLStatement {
        SQLStatement(
            "UPDATE notifications SET status = 'suppressed', reason = $2, sending_until = NULL WHERE id = $1",
            [.text(id), .text(reason)]
        )
    }

    /// Gives the lease back: it will be tried again.
    static func released(_ id: String, reason: String?) -> SQLStatement {
        SQLStatement(
            "UPDATE notifications SET sending_until = NULL, reason = coalesce($2::text, reason) WHERE id = $1",
            [.text(id), .optional(reason)]
        )
    }
}
