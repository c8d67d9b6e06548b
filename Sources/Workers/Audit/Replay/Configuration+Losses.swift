import FlotillaModules
import FlotillaPlatform
import FlotillaOperations
import FlotillaStorage

/// A queue that was lost, as people are told of it.
struct QueueLoss: Sendable, Encodable {
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

    /// Whether audit rows are missing for it: its note tells of them.
    var isOfAudit: Bool { !isOpen && note.hasSuffix(QueueLoss.auditNote) }

    static let auditNote = "may have no audit row"

    static func all(_ pool: PostgresPool) async throws -> [QueueLoss] {
        try await pool.query(QueueGaps.toTell).compactMap { QueueLoss($0) }
    }
}

extension Configuration {
    /// What `flotilla doctor` says of queues that were lost, and of messages that wait in Postgres to be published; nothing
    /// when the database can't be asked.
    func lossFindings() async -> [DoctorFinding] {
        let found = try? await withPostgres { pool in
            let waiting = try await pool.query(Outbox.waiting).map { ($0.text(0) ?? "", $0.int(1) ?? 0) }
            return (losses: try await QueueLoss.all(pool), waiting: waiting)
        }
        guard let found else { return [] }
        let open = found.losses.filter(\.isOpen).map(\.queue)
        let being = "what they missed is being replayed: \(open.joined(separator: ", "))"
        return (open.isEmpty ? [] : [DoctorFinding("lost queues", .doubtful, being)])
            + found.losses.filter { !$0.isOpen }.map { DoctorFinding("lost queue", .doubtful, $0.text) }
            + found.waiting.map { queue, count in
                DoctorFinding(
                    "waiting",
                    .doubtful,
                    "\(count) retries or dead letters of \(queue) wait in Postgres, since they could not be published",
                    remedy: "they go by themselves once flotilla topology verify finds nothing missing"
                )
            }
    }
}
