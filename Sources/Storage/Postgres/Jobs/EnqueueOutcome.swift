/// What became of one enqueue.
package enum EnqueueOutcome: Sendable, Hashable {
    case created(Job)
    /// The idempotency key is known with the same content.
    case existing(Job)
    /// The idempotency key is known with another content; the id of the job that has it.
    case conflict(jobID: String)
}
