package import FlotillaStorage
import FlotillaModels

/// Reads messages back from the audit log, in the order in which each lane took them down, a page at a time.
package struct AuditReplay: Sendable {
    /// Up to where a lane has been read.
    package struct Place: Sendable {
        var lane: Int64
        package var sequence: Int64
        var recordedAt: Int64
        /// The lane's last row at the beginning.
        let last: Int64
    }

    /// A message. Times are microseconds since 1970.
    package struct Row: Sendable {
        package let recordedAt: Int64
        package let occurredAt: Int64
        package let routingKey: String
        package let messageID: String
        /// As it came.
        package let body: [UInt8]
    }

    package struct Page: Sendable {
        /// Without those of people who are forgotten.
        package var rows: [Row] = []
        package var place: Place
        package var isLast = false
    }

    private let pool: PostgresPool
    private let privacy: AuditPrivacy
    private let keys: [String]
    private let pageSize: Int64

    /// - Parameter keys: the routing keys of the messages that are wanted.
    package init(_ pool: PostgresPool, privacy: AuditPrivacy, keys: [String], pageSize: Int64) {
        self.pool = pool
        self.privacy = privacy
        self.keys = keys
        self.pageSize = pageSize
    }

    /// The beginnings of all lanes, and how many rows they have.
    package func lanes() async throws -> (places: [Place], rows: Int64) {
        let heads = try await pool.query(
            SQLStatement("SELECT lane, base_sequence, sequence FROM audit_lanes ORDER BY lane")
        )
        var rows: Int64 = 0
        let places = heads.compactMap { row -> Place? in
            guard let lane = row.int(0), let base = row.int(1), let last = row.int(2) else { return nil }
            rows += last - base
            return Place(lane: lane, sequence: base, recordedAt: EventTime.plausible.lowerBound, last: last)
        }
        return (places, rows)
    }

    package func page(after place: Place) async throws -> Page {
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT sequence, recorded_at, routing_key, message_id, occurred_at, body FROM audit_logs
                WHERE lane = $1 AND (sequence, recorded_at) > ($2, $3) AND sequence <= $4 AND routing_key = ANY ($5)
                ORDER BY sequence, recorded_at LIMIT $6
                """,
                [
                    .int(place.lane), .int(place.sequence), .timestamp(place.recordedAt), .int(place.last),
                    .textArray(keys), .int(pageSize),
                ]
            )
        )
        var page = Page(place: place, isLast: rows.count < pageSize)
        let bodies = try await privacy.reveal(rows.map { ($0.text(3) ?? "", $0.bytes(5) ?? []) })
        for (row, body) in zip(rows, bodies) {
            page.place.sequence = row.int(0) ?? place.last
            page.place.recordedAt = row.timestamp(1) ?? place.recordedAt
            guard body.disclosure != .forgotten, let recordedAt = row.timestamp(1), let key = row.text(2),
                let messageID = row.text(3), let occurredAt = row.timestamp(4)
            else { continue }
            page.rows.append(
                Row(
                    recordedAt: recordedAt,
                    occurredAt: occurredAt,
                    routingKey: key,
                    messageID: messageID,
                    body: body.body
                )
            )
        }
        if page.isLast { page.place.sequence = place.last }
        return page
    }
}
