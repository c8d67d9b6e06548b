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
    package var receipt: AuditReceipt
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
        receipt: AuditReceipt = AuditReceipt(),
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
        self.receipt = receipt
        self.body = body
    }
}
