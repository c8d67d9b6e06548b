import FlotillaModels

extension Jobs {
    /// How long the records of jobs that have ended are kept.
    package struct Retention: Sendable, Hashable {
        /// Of those that have succeeded.
        package var done: Duration
        /// Of dead ones, which an operator may still want to requeue.
        package var dead: Duration

        /// Of cancelled and expired ones: the longer of the two, and 90 days at least.
        ///
        /// The message of a job that was cancelled while it waited is still in its queue, and is dropped when a worker
        /// takes it because the record says so. Without the record the job would run.
        package var cancelled: Duration { max(done, dead, .seconds(90 * 86_400)) }

        /// How long the idempotency keys of jobs are kept, and with them their records.
        package var keys: Duration

        package init(
            done: Duration = .seconds(30 * 86_400),
            dead: Duration = .seconds(90 * 86_400),
            keys: Duration = IdempotencyKeys.retention
        ) {
            self.done = done
            self.dead = dead
            self.keys = keys
        }
    }

    /// Deletes up to `limit` records of jobs that ended longer ago than their retention; the caller repeats until none is
    /// left. One whose idempotency key may still be used stays, and one that others wait for or that its batch counts.
    package static func prune(_ retention: Retention = Retention(), limit: Int = 1_000) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM jobs WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM jobs
                WHERE finished_at < now() - least($1, $2) * interval '1 second'
                    AND (state = 'succeeded' AND finished_at < now() - $1 * interval '1 second'
                        OR state = 'dead' AND finished_at < now() - $2 * interval '1 second'
                        OR state IN ('cancelled', 'expired') AND finished_at < now() - $3 * interval '1 second')
                    AND (request_hash IS NULL OR enqueued_at < now() - $5 * interval '1 second')
                    AND (batch_id IS NULL OR NOT EXISTS (
                        SELECT FROM job_batches WHERE job_batches.id = jobs.batch_id AND succeeded_at IS NULL
                            AND (completed_at IS NULL OR completed_at > now() - $2 * interval '1 second')))
                    AND (NOT is_awaited OR NOT EXISTS (
                        SELECT FROM job_dependencies WHERE predecessor = jobs.id AND ended_as IS NULL))
                ORDER BY finished_at LIMIT $4 FOR UPDATE SKIP LOCKED))
            """,
            [
                .double(retention.done.seconds), .double(retention.dead.seconds),
                .double(retention.cancelled.seconds), .int(Int64(limit)), .double(retention.keys.seconds),
            ]
        )
    }

    /// Deletes up to `limit` batches that were complete longer ago than dead jobs are kept, once none of their members is left.
    package static func pruneBatches(_ retention: Retention, limit: Int = 1_000) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM job_batches WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM job_batches WHERE completed_at < now() - $1 * interval '1 second'
                    AND NOT EXISTS (SELECT FROM jobs WHERE batch_id = job_batches.id)
                    AND NOT EXISTS (
                        SELECT FROM job_dependencies WHERE predecessor = job_batches.id AND ended_as IS NULL)
                ORDER BY completed_at LIMIT $2))
            """,
            [.double(max(retention.done, retention.dead).seconds), .int(Int64(limit))]
        )
    }
}
