import FlotillaStorage

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
    private var receipts: [AuditReceipt] = []
    private var previousHashes: [[UInt8]?] = []
    private var hashes: [[UInt8]?] = []
    private var bodies: [[UInt8]?] = []
    private var steps = ActionStepBatch()

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

    /// - Parameter record: its place in the chain is given to it here.
    mutating func append(_ record: AuditRecord, step: ActionStep? = nil) {
        var record = record
        record.lane = start.lane
        record.sequence = sequence + 1
        record.recordedAt = start.recordedAt
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
        receipts.append(record.receipt)
        previousHashes.append(previous)
        hashes.append(hash)
        bodies.append(record.body)
        if let step { steps.append(record, step) }
    }

    /// Inserts the rows and moves the lane's head.
    consuming func statements() -> [SQLStatement] {
        (steps.statement.map { [$0] } ?? []) + [
            SQLStatement(
                AuditStatements.insert,
                [
                    .int(start.lane), .int(AuditHasher.version), .int(start.sequence), .timestamp(start.recordedAt),
                    .timestampArray(occurredAt), .textArray(events), .textArray(actors), .textArray(subjects),
                    .textArray(services), .textArray(correlationIDs), .textArray(messageIDs), .textArray(exchanges),
                    .textArray(routingKeys), .textArray(traceParents), .bytesArray(previousHashes), .bytesArray(hashes),
                    .bytesArray(bodies), .textArray(receipts.map(\.by)), .textArray(receipts.map(\.route)),
                    .textArray(receipts.map(\.address)), .timestampArray(receipts.map(\.at)),
                    .textArray(receipts.map(\.id)),
                ]
            ),
            SQLStatement(
                AuditStatements.moveHead,
                [.int(start.lane), .int(sequence), .bytes(hash), .timestamp(start.recordedAt)]
            ),
        ]
    }
}
