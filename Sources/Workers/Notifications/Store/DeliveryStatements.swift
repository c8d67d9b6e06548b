import FlotillaModels
import FlotillaStorage

/// The steps of one notification's record while it is sent.
enum DeliveryStatements {
    /// Takes the lease, if nobody has it and the notification is still to be sent; gives its row then.
    ///
    /// - Parameter takesFailed: takes one that has failed, too.
    static func claim(_ id: String, for lease: Duration, takesFailed: Bool) -> SQLStatement {
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
                language, notification.time_zone, priority, event_id, unsubscribe_token, request.data, \(preferences),
                EXISTS (SELECT FROM recipients WHERE key = notification.recipient AND is_deleted), request.time_zone
            """,
            [.text(id), .double(lease.seconds), .bool(takesFailed)]
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

    /// Keeps the lease of a notification that is still being sent.
    static func renewed(_ id: String, for lease: Duration) -> SQLStatement {
        SQLStatement(
            """
            UPDATE notifications SET sending_until = now() + $2 * interval '1 second'
            WHERE id = $1 AND status = 'queued' AND sending_until IS NOT NULL
            """,
            [.text(id), .double(lease.seconds)]
        )
    }

    static func sent(_ outcome: NotificationOutcome) -> SQLStatement {
        SQLStatement(
            """
            UPDATE notifications SET status = 'sent', provider = $2::text, provider_message_id = $3::text,
                sent_at = now(), reason = NULL, failed_at = NULL, sending_until = NULL
            WHERE id = $1
            """,
            [.text(outcome.notificationID), .optional(outcome.provider), .optional(outcome.providerMessageID)]
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
    ///
    /// - Parameter wait: until when at the earliest, if that is long.
    static func released(_ id: String, reason: String?, wait: Duration? = nil) -> SQLStatement {
        SQLStatement(
            """
            UPDATE notifications SET reason = coalesce($2::text, reason),
                sending_until = now() + $3::float8 * interval '1 second'
            WHERE id = $1
            """,
            [.text(id), .optional(reason), wait.map { .double($0.seconds) } ?? .null]
        )
    }
}
