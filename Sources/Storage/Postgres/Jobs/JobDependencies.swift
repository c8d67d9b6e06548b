/// What jobs wait for: other jobs, and batches.
package enum JobDependencies {
    /// The channel that tells of ends that somebody waits for, and of jobs that wait.
    package static let channel = "flotilla_jobs"

    static let notify = SQLStatement("SELECT pg_notify('\(channel)', '')")

    /// Marks the predecessors, whose ends are noted from then on, and gives the ids of the jobs and of the batches.
    ///
    /// The rows are locked: one that ends at the same time has ended before, or notes it.
    static func mark(_ ids: some Sequence<String>) -> [SQLStatement] {
        let wanted = SQLValue.textArray(ids.map(\.storable))
        return [
            SQLStatement(
                """
                WITH found AS MATERIALIZED (
                    SELECT id FROM jobs WHERE id = ANY ($1) ORDER BY id COLLATE "C" FOR UPDATE)
                UPDATE jobs SET is_awaited = true FROM found WHERE jobs.id = found.id RETURNING jobs.id
                """,
                [wanted]
            ),
            SQLStatement(
                """
                WITH found AS MATERIALIZED (
                    SELECT id FROM job_batches WHERE id = ANY ($1) ORDER BY id COLLATE "C" FOR UPDATE)
                UPDATE job_batches SET is_awaited = true FROM found WHERE job_batches.id = found.id RETURNING job_batches.id
                """,
                [wanted]
            ),
        ]
    }

    /// To be executed after ``mark(_:)`` in the same transaction. What has ended already is noted as an end once more.
    static func insert(_ entries: [JobEntry]) -> [SQLStatement] {
        var jobs: [String] = []
        var predecessors: [String] = []
        for entry in entries {
            for predecessor in Set(entry.new.after) {
                jobs.append(entry.id)
                predecessors.append(predecessor.storable)
            }
        }
        return [
            SQLStatement(
                "INSERT INTO job_dependencies (job_id, predecessor) SELECT * FROM unnest($1, $2)",
                [.textArray(jobs), .textArray(predecessors)]
            ),
            SQLStatement(
                """
                INSERT INTO job_ends (job_id, batch_id)
                SELECT id, NULL FROM jobs WHERE id = ANY ($1) AND finished_at IS NOT NULL
                UNION ALL SELECT NULL, id FROM job_batches WHERE id = ANY ($1) AND completed_at IS NOT NULL
                """,
                [.textArray(Array(Set(predecessors)))]
            ),
        ]
    }

    /// A row when one of the jobs or batches waits, directly or through others, for the batch.
    static func path(from ids: [String], to batch: String) -> SQLStatement {
        SQLStatement(
            """
            WITH RECURSIVE reached (id) AS (
                SELECT unnest($1)
                UNION
                SELECT next.id FROM reached, LATERAL (
                    SELECT predecessor AS id FROM job_dependencies WHERE job_id = reached.id
                    UNION ALL
                    SELECT id FROM jobs WHERE batch_id = reached.id AND state = 'waiting' AND is_blocked) AS next)
            SELECT 1 FROM reached WHERE id = $2 LIMIT 1
            """,
            [.textArray(ids.map(\.storable)), .text(batch.storable)]
        )
    }

    /// Notes how jobs ended that others wait for, and gives the ids of those others.
    package static func noteEnds(ofJobs ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            UPDATE job_dependencies SET ended_as = jobs.state FROM jobs
            WHERE jobs.id = predecessor AND predecessor = ANY ($1) AND jobs.finished_at IS NOT NULL AND ended_as IS NULL
            RETURNING job_id
            """,
            [.textArray(ids)]
        )
    }

    /// The same for batches that are complete: as `succeeded` those whose members all have, else as `dead`.
    package static func noteEnds(ofBatches ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            UPDATE job_dependencies
            SET ended_as = CASE WHEN succeeded_at IS NOT NULL THEN 'succeeded' ELSE 'dead' END FROM job_batches
            WHERE job_batches.id = predecessor AND predecessor = ANY ($1) AND completed_at IS NOT NULL AND ended_as IS NULL
            RETURNING job_id
            """,
            [.textArray(ids)]
        )
    }

    /// Cancels those of the jobs that wait, and one of whose predecessors has not succeeded.
    package static func cancelSuccessors(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            WITH found AS MATERIALIZED (
                SELECT id FROM jobs WHERE id = ANY ($1) AND state = 'waiting' AND is_blocked AND NOT starts_after_any
                ORDER BY id COLLATE "C" FOR UPDATE),
            failed AS (
                SELECT DISTINCT ON (job_id) job_id, predecessor, ended_as FROM job_dependencies
                WHERE job_id IN (SELECT id FROM found) AND ended_as <> 'succeeded' ORDER BY job_id, predecessor)
            UPDATE jobs SET state = 'cancelled', finished_at = now(),
                reason = 'its predecessor ' || failed.predecessor || ' is ' || failed.ended_as
            FROM failed WHERE jobs.id = failed.job_id
            """,
            [.textArray(ids)]
        )
    }

    /// Those of the jobs that wait, and whose predecessors have all ended, with their keys.
    package static func ready(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            SELECT id, job_key FROM jobs WHERE id = ANY ($1) AND state = 'waiting' AND is_blocked AND NOT EXISTS (
                SELECT FROM job_dependencies WHERE job_id = jobs.id AND ended_as IS NULL)
            ORDER BY id COLLATE "C" FOR UPDATE
            """,
            [.textArray(ids)]
        )
    }

    /// Jobs with keys wait for no predecessor any more: for their time, and the turn of their key.
    package static func unblock(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET is_blocked = false,
                state = CASE WHEN scheduled_at > now() THEN 'scheduled' ELSE 'waiting' END
            WHERE id = ANY ($1) AND state = 'waiting'
            """,
            [.textArray(ids)]
        )
    }

    /// Takes up to `limit` ends out of the table, and gives the job and the batch of each.
    package static func takeEnds(limit: Int) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM job_ends WHERE id = ANY (ARRAY(
                SELECT id FROM job_ends ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
            RETURNING job_id, batch_id
            """,
            [.int(Int64(limit))]
        )
    }

    /// What a job waits for or has waited for, with the state of each: `NULL` for a batch that is not complete.
    package static func predecessors(of id: String) -> SQLStatement {
        SQLStatement(
            """
            SELECT dependency.predecessor, jobs.type, coalesce(dependency.ended_as, jobs.state), job_batches.name,
                job_batches.id IS NOT NULL
            FROM job_dependencies AS dependency
            LEFT JOIN jobs ON jobs.id = dependency.predecessor
            LEFT JOIN job_batches ON job_batches.id = dependency.predecessor
            WHERE dependency.job_id = $1 ORDER BY dependency.predecessor
            """,
            [.text(id.storable)]
        )
    }

    /// The jobs that wait for this one or have waited for it.
    package static func successors(of id: String) -> SQLStatement {
        SQLStatement(
            """
            SELECT jobs.id, jobs.type, jobs.state FROM job_dependencies AS dependency JOIN jobs ON jobs.id = job_id
            WHERE dependency.predecessor = $1 ORDER BY jobs.id LIMIT 100
            """,
            [.text(id.storable)]
        )
    }
}
