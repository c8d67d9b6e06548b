import FlotillaPlatform

/// One row of `audit_logs` before it has its hash.
package struct AuditRecord: Sendable, Hashable {
    package var lane: Int64
    /// Counts from 1 within the lane, without gaps.
    package var sequence: Int64
    /// Microseconds since 1970.
    package var recordedAt: Int64
    /// Microseconds since 1970.
    package var occurredAt: Int64
    package var event: String
    package var actor: String?
    package var subject: String?
    package var service: String?
    package var correlationID: String?
    package var messageID: String
    package var exchange: String
    package var routingKey: String
    package var traceParent: String?
    package var body: [UInt8]

    package init(
        lane: Int64,
        sequence: Int64,
        recordedAt: Int64,
        occurredAt: Int64,
        event: String,
        actor: String? = nil,
        subject: String? = nil,
        service: String? = nil,
        correlationID: String? = nil,
        messageID: String,
        exchange: String,
        routingKey: String,
        traceParent: String? = nil,
        body: [UInt8]
    ) {
        self.lane = lane
        self.sequence = sequence
        self.recordedAt = recordedAt
        self.occurredAt = occurredAt
        self.event = event
        self.actor = actor
        self.subject = subject
        self.service = service
        self.correlationID = correlationID
        self.messageID = messageID
        self.exchange = exchange
        self.routingKey = routingKey
        self.traceParent = traceParent
        self.body = body
    }
}

/// Computes the hashes that link the rows of a lane; docs/audit-chain.md describes the format.
package struct AuditHasher: ~Copyable {
    /// The `hash_version` of the rows that it hashes.
    package static let version: Int64 = 1
    /// The previous hash of a lane's first row.
    package static let genesis = [UInt8](repeating: 0, count: SHA256.length)

    private var hasher = SHA256Hasher()
    private var buffer: [UInt8] = []

    package init() { buffer.reserveCapacity(2_048) }

    package mutating func hash(_ record: borrowing AuditRecord, after previous: [UInt8]) -> [UInt8] {
        buffer.removeAll(keepingCapacity: true)
        append(previous)
        buffer.append(UInt8(Self.version))
        append(record.lane)
        append(record.sequence)
        append(record.recordedAt)
        append(record.occurredAt)
        append(record.event)
        append(record.actor)
        append(record.subject)
        append(record.service)
        append(record.correlationID)
        append(record.messageID)
        append(record.exchange)
        append(record.routingKey)
        append(record.traceParent)
        append(record.body)
        hasher.update(buffer)
        return hasher.finish()
    }

    private mutating func append(_ number: Int64) {
        unsafe withUnsafeBytes(of: number.bigEndian) { unsafe buffer.append(contentsOf: $0) }
    }

    private mutating func append(length: Int) {
        unsafe withUnsafeBytes(of: UInt32(length).bigEndian) { unsafe buffer.append(contentsOf: $0) }
    }

    private mutating func append(_ bytes: [UInt8]) {
        append(length: bytes.count)
        buffer.append(contentsOf: bytes)
    }

    /// No text is as long as the length that stands for none.
    private mutating func append(_ text: String?) {
        guard let text else { return append(length: Int(UInt32.max)) }
        append(length: text.utf8.count)
        buffer.append(contentsOf: text.utf8)
    }
}
