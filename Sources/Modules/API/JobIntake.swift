package import FlotillaStorage

/// Takes jobs in: those of concurrent requests are stored with one commit.
package final class JobIntake: Sendable {
    private let plain: GroupCommit<NewJob, EnqueueOutcome>
    /// Jobs with an idempotency key take another round trip, which the others should not wait for.
    private let keyed: GroupCommit<NewJob, EnqueueOutcome>

    package init(_ jobs: Jobs) {
        let commit: GroupCommit<NewJob, EnqueueOutcome>.Commit = { batch in
            try await retryingConflicts { try await jobs.enqueue(batch) }
        }
        plain = GroupCommit(failsAllItems: failsAllItems, commit: commit)
        // In one lane, since two commits with the same keys would wait for each other.
        keyed = GroupCommit(lanes: 1, failsAllItems: failsAllItems, commit: commit)
    }

    /// Returns once the job and its message are committed.
    package func enqueue(_ job: NewJob) async throws -> EnqueueOutcome {
        try await (job.idempotencyKey == nil ? plain : keyed).submit(job)
    }
}

/// Whether it is not an item's fault that a commit failed.
func failsAllItems(_ error: any Error) -> Bool {
    guard let error = error as? PostgresError else { return true }
    // One whose key another transaction has just claimed waits for a lock; the others don't.
    return error.isRetriable && error.wait != .lock || error.code == .cancelled
}

/// Tries again what lost against another transaction: a deadlock, or a serialization failure.
private func retryingConflicts<Value>(_ body: () async throws -> Value) async throws -> Value {
    for _ in 0..<3 {
        do {
            return try await body()
        } catch let error as PostgresError where error.isRetriable && !error.isOutage && error.wait == nil {
            continue
        }
    }
    return try await body()
}
