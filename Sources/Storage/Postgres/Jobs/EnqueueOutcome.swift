/// What became of one enqueue.
package enum EnqueueOutcome: Sendable, Hashable {
    case created(Job)
    /// It has taken the place of a job with its unique key, which is cancelled.
    case replaced(Job, former: String)
    /// The idempotency key is known with the same request.
    case existing(Job)
    /// There is a job with its unique key, or for its run of a cron entry.
    case duplicate(Job)
    /// The idempotency key is known with another request; the id of what that made.
    case conflict(resource: String)
    case refused(JobRefusal)

    /// The job that is there now, made by this enqueue or before it.
    package var job: Job? {
        switch self {
        case .created(let job), .replaced(let job, _), .existing(let job), .duplicate(let job): job
        case .conflict, .refused: nil
        }
    }
}

/// Why a job was not stored.
package enum JobRefusal: Sendable, Hashable, CustomStringConvertible {
    /// A job with its unique key exists, and may not be replaced, or not any more.
    case uniqueKeyHeld(by: String)
    case unknownPredecessor(String)
    case unknownBatch(String)
    /// Only a member that runs may add members to it.
    case closedBatch(String)
    /// It would wait for a batch that waits for it.
    case cycle(String)

    package var description: String {
        switch self {
        case .uniqueKeyHeld(let id): "the job \(id) holds its unique key"
        case .unknownPredecessor(let id): "\(id) is neither a job nor a batch"
        case .unknownBatch(let id): "there is no batch \(id)"
        case .closedBatch(let id): "the batch \(id) is closed"
        case .cycle(let id): "it would wait for the batch \(id), of which it is a member"
        }
    }
}
