package import Storage

/// Takes jobs in: those of concurrent requests are stored with one commit.
package final class JobIntake: Sendable {
    private let group: GroupCommit<NewJob, EnqueueOutcome>

    package init(_ jobs: Jobs) {
        group = GroupCommit(isHopeless: isHopeless) { batch in try await jobs.enqueue(batch) }
    }

    /// Returns once the job and its message are committed.
    package func enqueue(_ job: NewJob) async throws -> EnqueueOutcome { try await group.submit(job) }
}

/// Whether it is not an item's fault that a commit failed.
func isHopeless(_ error: any Error) -> Bool {
    guard let error = error as? PostgresError else { return true }
    return error.isRetriable || error.code == .cancelled
}
