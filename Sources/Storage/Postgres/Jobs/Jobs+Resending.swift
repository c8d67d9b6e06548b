package import FlotillaModels

extension Jobs {
    /// Writes the messages of queued jobs into the outbox once more: their queue was lost.
    ///
    /// A job whose message is still in the outbox is left out. Of two messages of a job one has an effect.
    /// - Parameters:
    ///   - priority: only these; `nil` for a queue that takes all.
    ///   - time: jobs that were enqueued later have reached the new queue; microseconds since 1970.
    ///   - cursor: the last job of the call before.
    ///   - limit: how many at most.
    /// - Returns: the ids; the caller repeats until there are none.
    package func resend(
        types: [String],
        priority: JobPriority? = nil,
        enqueuedBefore time: Int64,
        after cursor: String = "",
        limit: Int = 200,
        isDryRun: Bool = false
    ) async throws -> [String] {
        try await pool.transaction { transaction in
            let rows = try await transaction.query(
                SQLStatement(
                    """
                    SELECT \(Job.columns) FROM jobs
                    WHERE state = 'queued' AND type = ANY ($1) AND enqueued_at < $2 AND id > $3
                        AND ($5::bigint IS NULL OR sign(priority)::bigint = $5)
                        AND NOT EXISTS (SELECT FROM outbox WHERE outbox.job_id = jobs.id)
                    ORDER BY id LIMIT $4
                    """,
                    [
                        .textArray(types), .timestamp(time), .text(cursor), .int(Int64(limit)),
                        priority.map { .int(Int64($0.number)) } ?? .null,
                    ]
                )
            )
            let jobs = rows.map { Job($0) }
            if !jobs.isEmpty, !isDryRun {
                let messages = jobs.map { JobEntry($0).message(routing) }
                _ = try await transaction.query(Outbox.insert(messages))
            }
            return jobs.map(\.id)
        }
    }
}
