package import FlotillaStorage

/// Takes requests in that come over HTTP: dispatched and committed before the answer.
package struct NotificationIntake: Sendable {
    package enum Result: Sendable {
        case created([Summary])
        /// The idempotency key is known with the same content.
        case existing([Summary])
        /// The idempotency key is known with another content.
        case conflict
    }

    /// One notification, as it is reported to its sender.
    package struct Summary: Sendable {
        package let id: String
        package let status: NotificationStatus
        package let reason: String?
        /// Microseconds since 1970; what an application shows is sent at once, or at its time.
        package let sentAt: Int64?
    }

    private let pool: PostgresPool
    private let dispatch: NotificationDispatch

    package init(_ pool: PostgresPool, _ dispatch: NotificationDispatch) {
        self.pool = pool
        self.dispatch = dispatch
    }

    /// - Throws: as ``NotificationDispatch/dispatch(_:key:executing:)``.
    package func take(_ request: NotificationRequest, key: IdempotencyKey?) async throws -> Result {
        if let key, let known = try await known(key) { return known }
        do {
            let summaries = try await pool.transaction { transaction in
                let planned = try await dispatch.dispatch(request, key: key) { try await transaction.pipeline($0) }
                let sent = planned.filter { $0.status == .sent }.map(\.id)
                let times = sent.isEmpty ? [:] : try await Self.times(of: sent, transaction)
                try await transaction.commit()
                return planned.map {
                    Summary(id: $0.id, status: $0.status, reason: $0.reason, sentAt: times[$0.id] ?? nil)
                }
            }
            return .created(summaries)
        } catch let error as PostgresError where error.code == .sqlState("23505") {
            // Another request with the same key was faster.
            if let key, let known = try await known(key) { return known }
            throw error
        }
    }

    private static func times(
        of ids: [String],
        _ transaction: PostgresTransaction
    ) async throws -> [String: Int64?] {
        let rows = try await transaction.query(
            SQLStatement("SELECT id::text, sent_at FROM notifications WHERE id = ANY ($1)", [.textArray(ids)])
        )
        return Dictionary(rows.map { ($0.text(0) ?? "", $0.timestamp(1)) }) { first, _ in first }
    }

    private func known(_ key: IdempotencyKey) async throws -> Result? {
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT request.request_hash, notification.id, notification.status, notification.reason,
                    notification.sent_at
                FROM notification_requests AS request
                JOIN notifications AS notification ON notification.request_id = request.id
                WHERE request.idempotency_key = $1 ORDER BY notification.id
                """,
                [.text(key.text)]
            )
        )
        guard let first = rows.first else { return nil }
        guard first.bytes(0) == key.requestHash else { return .conflict }
        return .existing(
            rows.map { row in
                Summary(
                    id: row.text(1) ?? "",
                    status: row.text(2).flatMap(NotificationStatus.init) ?? .queued,
                    reason: row.text(3),
                    sentAt: row.timestamp(4)
                )
            }
        )
    }
}
