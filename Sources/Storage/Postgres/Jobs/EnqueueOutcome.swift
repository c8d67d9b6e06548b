/// What became of one enqueue.
package enum EnqueueOutcome: Sendable, Hashable {
    case created(Job)
    /// The idempotency key is known with the same request.
    case existing(Job)
    /// The idempotency key is known with another request; the id of what that made.
    case conflict(resource: String)
}
