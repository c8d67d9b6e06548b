import FlotillaPlatform
import FlotillaStorage

/// A queue that was lost, as people are told of it.
struct QueueLoss: Sendable {
    let queue: String
    let since: String
    let until: String
    let isOpen: Bool
    let leftOut: Int
    let note: String

    init?(_ row: SQLRow) {
        guard let queue = row.text(0), let since = row.timestamp(1), let until = row.timestamp(2) else { return nil }
        self.queue = queue
        self.since = WallClock.iso8601(since)
        self.until = WallClock.iso8601(until)
        isOpen = row.bool(3) ?? false
        leftOut = Int(row.int(4) ?? 0)
        note = row.text(5) ?? ""
    }

    var text: String { "\(queue), \(since) to \(until): \(leftOut) messages not replayed; \(note)" }

    /// What is open, and what the last 30 days have left behind.
    static func recent(_ pool: PostgresPool) async throws -> [QueueLoss] {
        try await pool.query(QueueGaps.toTell).compactMap { QueueLoss($0) }
    }

    /// Those of the audit log's own queue, however long ago: rows are missing for them.
    static func ofAudit(_ pool: PostgresPool) async throws -> [QueueLoss] {
        try await pool.query(QueueGaps.kept).compactMap { QueueLoss($0) }
    }
}
