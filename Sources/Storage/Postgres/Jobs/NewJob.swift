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
    /// Unless it has started by then, it never does; microseconds since 1970.
    package var expiresAt: Int64?
    package var unique: JobUniqueness?
    /// The batch that it is a member of.
    package var batch: String?
    /// The job whose handler enqueues it; it may add members to its own batch.
    package var parent: String?
    /// Jobs with a key take turns with those of other keys, within the limits of their type.
    package var key: String?
    /// Jobs and batches that have to end before it starts, each successfully unless ``startsAfterAny``.
    package var after: [String] = []
    /// Whether it starts however its predecessors have ended.
    package var startsAfterAny = false
    /// The cron entry that it is a run of, and the time that the entry's schedule gives; one job for both.
    package var cronName: String?
    package var nominalAt: Int64?
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

    /// Whether its message is made later.
    var isHeld: Bool { key != nil || !after.isEmpty }

    /// Whether it has anything that a plain job has not.
    var hasRules: Bool { isHeld || unique != nil || batch != nil || expiresAt != nil || cronName != nil }

    /// Whether nothing has to be asked before it is stored.
    var isPlain: Bool { !hasRules && idempotencyKey == nil }
}
