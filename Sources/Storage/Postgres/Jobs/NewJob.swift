package import FlotillaModels

/// A job to enqueue.
package struct NewJob: Sendable {
    package var type: String
    /// JSON.
    package var payload: [UInt8]
    /// The same key with the same fingerprint gives the same job; with another it is a conflict.
    package var idempotencyKey: IdempotencyKey?
    package var priority: JobPriority
    /// Not before; microseconds since 1970.
    package var scheduledAt: Int64?
    package var maxAttempts: Int?
    package var correlationID: String?
    /// Who asked for it, as a name that nobody else has: `key:<id>` of an API key, or `cli:<user>`.
    package var createdBy: String?
    package var traceParent: String?
    /// The request that asks for it: that of the task that makes this value.
    let request = ReceivedRequest.current

    package init(
        type: String,
        payload: [UInt8],
        idempotencyKey: IdempotencyKey? = nil,
        priority: JobPriority = .normal,
        scheduledAt: Int64? = nil,
        maxAttempts: Int? = nil,
        correlationID: String? = nil,
        createdBy: String? = nil,
        traceParent: String? = nil
    ) {
        self.type = type
        self.payload = payload
        self.idempotencyKey = idempotencyKey
        self.priority = priority
        self.scheduledAt = scheduledAt
        self.maxAttempts = maxAttempts
        self.correlationID = correlationID
        self.createdBy = createdBy
        self.traceParent = traceParent
    }
}
