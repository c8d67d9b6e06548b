import Models
import Storage

extension DeadLetters {
    /// Notifications whose deliveries have died fail with the reason of the death, however they died: nothing else
    /// would ever take them up. Sent back from the dead letters, a delivery takes its notification up again.
    ///
    /// A delivery that has been handled knows of its end already; that is left as it is.
    ///
    /// - Parameter eventExchange: where `notification.failed` is published.
    func failNotifications(of letters: [DeadLetter], eventExchange: String) async throws(PostgresError) {
        let dead = letters.filter { DeliveryQueue.names.contains($0.queue) }
        guard !dead.isEmpty else { return }
        let reasons = dead.map { "\($0.failure.type): \($0.failure.message)".withoutNulls }
        do {
            try await pool.transaction { transaction in
                let failed = try await transaction.query(Self.fail(dead.map(\.notificationID), reasons: reasons))
                let events = failed.map {
                    NotificationOutcome(failed: $0).event.message(causedBy: nil, nil, eventExchange)
                }
                try await transaction.commit(after: events.isEmpty ? [] : [Outbox.insert(events)])
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw PostgresError(code: .protocolViolation, operation: "fail notifications", detail: "\(error)")
        }
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

extension DeadLetter {
    /// The notification that the message was to deliver.
    fileprivate var notificationID: String? {
        let order = try? PayloadDecoder.decode(DeliveryOrder.self, from: original.body)
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
