/// What a caller may do. `admin` may do everything; the others stand for themselves.
package enum Scope: String, Sendable, Hashable, CaseIterable {
    /// See jobs, queues, dead letters, metrics and reports.
    case read
    /// Enqueue jobs and publish events.
    case enqueue
    /// Pause, resume, requeue, cancel, purge.
    case operate
    case admin
}
