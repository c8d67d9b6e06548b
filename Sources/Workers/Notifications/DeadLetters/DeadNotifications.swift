import FlotillaModels
import FlotillaStorage
package import Workers

/// Notifications whose deliveries have died fail with the reason of the death, however they died: nothing else would ever
/// take them up. Sent back from the dead letters, a delivery takes its notification up again.
///
/// A delivery that has been handled knows of its end already; that is left as it is.
package struct DeadNotifications: DeadLetterObserver {
    package var queues: Set<String> { DeliveryQueue.names }

    package init() {}

    package func stored(_ deadLetters: [DeadMessage], in transaction: DeadLetterTransaction) async throws {
        let reasons = deadLetters.map { "\($0.failure.type): \($0.failure.message)".withoutNulls }
        let failed = try await transaction.execute(Self.fail(deadLetters.map(\.notificationID), reasons: reasons))
        for row in failed { transaction.publish(NotificationOutcome(failed: row).event) }
    }

    private static func fail(_ ids: [String?], reasons: [String]) -> SQLStatement {
        SQLStatement(
            """
            UPDATE notifications AS notification SET status = 'failed', reason = dead.reason, failed_at = now(),
                sending_until = NULL
            FROM unnest($1, $2) AS dead (id, reason)
            WHERE notification.id = dead.id AND notification.status = 'queued'
            RETURNING notification.id, channel, template, recipient, provider, event_id, notification.reason
            """,
            [.textArray(ids), .textArray(reasons)]
        )
    }
}

extension DeadMessage {
    /// The notification that the message was to deliver.
    fileprivate var notificationID: String? {
        let order = try? PayloadDecoder.decode(NotificationDeliveryMessage.self, from: message.body)
        return (order?.notificationID ?? messageID)?.withoutNulls
    }
}

extension NotificationOutcome {
    fileprivate init(failed row: SQLRow) {
        notificationID = row.text(0) ?? ""
        channel = row.text(1).flatMap(Channel.init) ?? .email
        template = row.text(2) ?? ""
        recipient = row.text(3) ?? ""
        provider = row.text(4)
        eventID = row.text(5)
        reason = row.text(6)
    }
}
