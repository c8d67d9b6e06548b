import Models
import Storage

/// The rows that a batch adds to a lane, gathered column by column as they are sent to Postgres.
struct AuditBatch: ~Copyable {
    private let start: AuditLaneHead
    private var hasher = AuditHasher()
    private var sequence: Int64
    private var hash: [UInt8]
    private var occurredAt: [Int64?] = []
    private var events: [String?] = []
    private var actors: [String?] = []
    private var subjects: [String?] = []
    private var services: [String?] = []
    private var correlationIDs: [String?] = []
    private var messageIDs: [String?] = []
    private var exchanges: [String?] = []
    private var routingKeys: [String?] = []
    private var traceParents: [String?] = []
    private var previousHashes: [[UInt8]?] = []
    private var hashes: [[UInt8]?] = []
    private var bodies: [[UInt8]?] = []

    init(after head: AuditLaneHead, capacity: Int) {
        start = head
        sequence = head.sequence
        hash = head.hash
        occurredAt.reserveCapacity(capacity)
        events.reserveCapacity(capacity)
        messageIDs.reserveCapacity(capacity)
        hashes.reserveCapacity(capacity)
        bodies.reserveCapacity(capacity)
    }

    mutating func append(_ item: BatchItem<RawJSON>) {
        append(AuditRecord(item, lane: start.lane, sequence: sequence + 1, recordedAt: start.recordedAt))
    }

    private mutating func append(_ record: AuditRecord) {
        let previous = hash
        hash = hasher.hash(record, after: previous)
        sequence = record.sequence
        occurredAt.append(record.occurredAt)
        events.append(record.event)
        actors.append(record.actor)
        subjects.append(record.subject)
        services.append(record.service)
        correlationIDs.append(record.correlationID)
        messageIDs.append(record.messageID)
        exchanges.append(record.exchange)
        routingKeys.append(record.routingKey)
        traceParents.append(record.traceParent)
        previousHashes.append(previous)
        hashes.append(hash)
        bodies.append(record.body)
    }

    /// Inserts the rows and moves the lane's head.
    consuming func statements() -> [SQLStatement] {
        [
            SQLStatement(
                AuditStatements.insert,
                [
                    .int(start.lane), .int(AuditHasher.version), .int(start.sequence), .timestamp(start.recordedAt),
                    .timestampArray(occurredAt), .textArray(events), .textArray(actors), .textArray(subjects),
                    .textArray(services), .textArray(correlationIDs), .textArray(messageIDs), .textArray(exchanges),
                    .textArray(routingKeys), .textArray(traceParents), .bytesArray(previousHashes), .bytesArray(hashes),
                    .bytesArray(bodies),
                ]
            ),
            SQLStatement(
                AuditStatements.moveHead,
                [.int(start.lane), .int(sequence), .bytes(hash), .timestamp(start.recordedAt)]
            ),
        ]
    }
}
