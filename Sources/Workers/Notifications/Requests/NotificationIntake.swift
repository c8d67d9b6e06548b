package import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage

/// Takes requests in that come over HTTP: dispatched and committed before the answer.
package struct NotificationIntake: Sendable {
    package enum Result: Sendable {
        case created([Summary])
        /// The idempotency key is known with the same request.
        case existing([Summary])
        /// The idempotency key is known with another request.
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

    /// - Throws: as ``NotificationDispatch/dispatch(_:id:executing:)``.
    package func take(_ request: NotificationRequest, key: IdempotencyKey?) async throws -> Result {
        let id = UUIDv7.make()
        return try await pool.transaction { transaction in
            if let key,
                let holder = try await IdempotencyKeys.claim(.init(key: key, resource: id), in: transaction)
            {
                guard holder.isRepeated(by: key) else { return .conflict }
                return .existing(try await Self.summaries(of: holder.resource, transaction))
            }
            let planned = try await dispatch.dispatch(request, id: id) { try await transaction.pipeline($0) }
            let requested = NotificationRequested(id: id, request: request, notifications: planned)
            _ = try await transaction.query(Outbox.insert([requested.message(to: dispatch.eventExchange)]))
            let sent = planned.filter { $0.status == .sent }.map(\.id)
            let times = sent.isEmpty ? [:] : try await Self.times(of: sent, transaction)
            try await transaction.commit()
            return .created(
                planned.map { Summary(id: $0.id, status: $0.status, reason: $0.reason, sentAt: times[$0.id] ?? nil) }
            )
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

    private static func summaries(
        of request: String,
        _ transaction: PostgresTransaction
    ) async throws -> [Summary] {
        let rows = try await transaction.query(
            SQLStatement(
                "SELECT id, status, reason, sent_at FROM notifications WHERE request_id = $1 ORDER BY id",
                [.text(request)]
            )
        )
        return rows.map { row in
            Summary(
                id: row.text(0) ?? "",
                status: row.text(1).flatMap(NotificationStatus.init) ?? .queued,
                reason: row.text(2),
                sentAt: row.timestamp(3)
            )
        }
    }
}
