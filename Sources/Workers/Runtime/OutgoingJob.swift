public import FlotillaModels
import FlotillaPlatform
import FlotillaStorage

/// A job that a handler enqueues together with its effect.
public struct OutgoingJob: Sendable {
    /// What to do: `ticket.generation.requested`, a key on the direct exchange.
    public var type: String
    /// JSON.
    public var payload: [UInt8]
    /// Its share of the slots where the type has levels.
    public var priority = JobPriority.normal
    /// Not before; microseconds since 1970.
    public var scheduledAt: Int64?
    /// Unless it has started by then, it never does; microseconds since 1970.
    public var expiresAt: Int64?
    /// In place of the queue's policy.
    public var maxAttempts: Int?
    /// At most one job of the type, enqueued by this worker, with the same values.
    public var unique: JobUniqueness?
    /// Jobs with a key take turns with those of other keys, within the limits of their type.
    public var key: String?
    /// The batch that it is added to: an open one of this worker, or that of the job being handled.
    public var batch: String?
    /// Jobs and batches that have to end before it starts, each successfully unless ``startsAfterAny``.
    public var after: [String] = []
    public var startsAfterAny = false
    /// `nil` takes over the correlation id of the message being handled.
    public var correlationID: String?

    /// - Parameter payload: JSON.
    public init(_ type: String, payload: [UInt8]) {
        self.type = type
        self.payload = payload
    }

    /// - Parameters:
    ///   - json: becomes the payload, with its names sorted and times in ISO 8601.
    ///   - delay: how long it waits at least.
    /// - Throws: what encoding throws.
    public init(_ type: String, json: some Encodable, after delay: Duration? = nil) throws {
        self.init(type, payload: try EncodedBody.json(json))
        scheduledAt = delay.map { WallClock.microseconds() + Int64($0 / .microseconds(1)) }
    }
}

/// What became of a job that a handler has enqueued; it is there once the transaction commits.
public struct EnqueuedJob: Sendable, Hashable {
    public let id: String
    /// False when a job with its unique key was there already: `id` is that one's.
    public let isNew: Bool
    /// The job whose place it has taken by its unique key.
    public let replaces: String?
}

/// A job that could not be enqueued: another holds its unique key, or its batch or a predecessor is not what it should be.
public struct JobRefused: Error, Sendable, CustomStringConvertible {
    public let description: String
}

extension OutgoingJob {
    /// - Parameters:
    ///   - worker: enqueues it.
    ///   - parent: the job being handled, if it is one.
    func new(by worker: String, _ parent: String?, _ correlationID: String?, _ cause: Message) -> NewJob {
        var job = NewJob(
            type: type,
            payload: payload,
            priority: priority,
            scheduledAt: scheduledAt,
            maxAttempts: maxAttempts,
            correlationID: self.correlationID ?? correlationID,
            createdBy: "worker:\(worker)",
            traceParent: cause.headers[FleetHeader.traceParent]?.text.flatMap { $0.utf8.count <= 512 ? $0 : nil }
        )
        job.expiresAt = expiresAt
        job.unique = unique
        job.key = key
        job.batch = batch
        job.parent = parent
        job.after = after
        job.startsAfterAny = startsAfterAny
        return job
    }
}

extension EnqueuedJob {
    /// - Throws: `JobRefused`.
    init(_ outcome: EnqueueOutcome) throws(JobRefused) {
        switch outcome {
        case .created(let job): self.init(id: job.id, isNew: true, replaces: nil)
        case .replaced(let job, let former): self.init(id: job.id, isNew: true, replaces: former)
        case .existing(let job), .duplicate(let job): self.init(id: job.id, isNew: false, replaces: nil)
        case .conflict(let id): throw JobRefused(description: "the idempotency key belongs to \(id)")
        case .refused(let refusal): throw JobRefused(description: "\(refusal)")
        }
    }
}
