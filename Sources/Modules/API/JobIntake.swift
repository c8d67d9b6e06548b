package import FlotillaStorage

/// Takes jobs in: those of concurrent requests are stored with one commit.
package final class JobIntake: Sendable {
    private let plain: GroupCommit<NewJob, EnqueueOutcome>
    /// Jobs with an idempotency key take another round trip, which the others should not wait for.
    private let keyed: GroupCommit<NewJob, EnqueueOutcome>
    private let jobs: Jobs

    package init(_ jobs: Jobs) {
        self.jobs = jobs
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

    /// Stores jobs in one transaction of their own, and answers for each, in order. When one of them can't be stored, the
    /// others are, in several.
    ///
    /// - Throws: what is no job's fault. Some may be stored then.
    package func enqueue(together jobs: [NewJob]) async throws -> [Result<EnqueueOutcome, any Error>] {
        do {
            let stored = try await retryingConflicts { try await self.jobs.enqueue(jobs) }
            return stored.map { .success($0) }
        } catch  where failsAllItems(error) || (error as? PostgresError)?.wait != nil {
            throw error
        } catch  where jobs.count == 1 {
            return [.failure(error)]
        } catch {
            let middle = jobs.count / 2
            return try await enqueue(together: Array(jobs[..<middle])) + enqueue(together: Array(jobs[middle...]))
        }
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
