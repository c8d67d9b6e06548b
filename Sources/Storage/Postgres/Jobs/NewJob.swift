/// A job to enqueue.
package struct NewJob: Sendable, Hashable {
    package var type: String
    /// JSON.
    package var payload: [UInt8]
    /// The same key with the same type, payload and schedule gives the same job; with others it is a conflict.
    package var idempotencyKey: String?
    /// From 0 to 9, in the message's priority.
    package var priority: Int
    /// Not before; microseconds since 1970.
    package var scheduledAt: Int64?
    package var maxAttempts: Int?
    package var correlationID: String?
    /// Who asked for it: the name of an API key, or a user of the command line.
    package var createdBy: String?
    package var traceParent: String?

    package init(
        type: String,
        payload: [UInt8],
        idempotencyKey: String? = nil,
        priority: Int = 0,
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
