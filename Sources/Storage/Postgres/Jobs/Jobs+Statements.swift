package import FlotillaModels

/// The steps of a job's record, each a statement of its own.
///
/// A final state stays: a statement that finds one changes nothing, and its `affected` is 0. A job that is being cancelled
/// is cancelled however its handler ends. Whoever executes several in
/// one transaction does so in the order of the ids' bytes, in which all that lock many jobs lock them.
extension Jobs {
    /// The relay has published the messages of scheduled jobs.
    package static func queued(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            // Locked in order, as the workers that start these jobs lock them.
            """
            UPDATE jobs SET state = 'queued' WHERE state = 'scheduled' AND id = ANY (ARRAY(
                SELECT id FROM jobs WHERE id = ANY ($1) AND state = 'scheduled' ORDER BY id COLLATE "C" FOR UPDATE))
            """,
            [.textArray(ids.map(\.storable))]
        )
    }

    /// An attempt has failed, and the job waits for the next. Once that runs, this changes nothing.
    package static func retrying(_ id: String, attempts: Int) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = CASE state WHEN 'cancelling' THEN 'cancelled' ELSE 'retrying' END,
                finished_at = CASE state WHEN 'cancelling' THEN now() END,
                attempts = $2::bigint::integer, started_at = coalesce(started_at, now())
            WHERE id = $1 AND state IN ('queued', 'running', 'cancelling') AND attempts <= $2
            """,
            [.text(id.storable), .int(Int64(attempts))]
        )
    }

    /// The job has succeeded.
    ///
    /// - Parameter result: JSON text.
    package static func succeeded(_ id: String, attempts: Int, result: String?) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = CASE state WHEN 'cancelling' THEN 'cancelled' ELSE 'succeeded' END,
                attempts = greatest(attempts, $2::bigint::integer),
                result = CASE state WHEN 'cancelling' THEN NULL ELSE $3::jsonb END,
                error_type = NULL, error_message = NULL, started_at = coalesce(started_at, now()), finished_at = now()
            WHERE id = $1 AND \(isUnfinished)
            """,
            [.text(id.storable), .int(Int64(attempts)), result.map { .json($0) } ?? .null]
        )
    }

    /// The job's attempts are spent, or its error is permanent.
    package static func dead(_ id: String, attempts: Int, failure: Failure) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = CASE state WHEN 'cancelling' THEN 'cancelled' ELSE 'dead' END,
                attempts = greatest(attempts, $2::bigint::integer),
                error_type = $3, error_message = $4, finished_at = now() WHERE id = $1 AND \(isUnfinished)
            """,
            [.text(id.storable), .int(Int64(attempts)), .text(failure.type.storable), .text(failure.message.storable)]
        )
    }

    /// Whether another job holds the unique key that the job would hold if it were queued again: SQL for a WHERE.
    ///
    /// - Parameter column: where the job's id is.
    package static func hasUniqueConflict(job column: String) -> String {
        """
        EXISTS (SELECT FROM jobs AS own JOIN jobs AS holder ON holder.unique_key = own.unique_key
            AND holder.unique_key IS NOT NULL AND holder.state = ANY (holder.unique_states) AND holder.id <> own.id
            WHERE own.id = \(column) AND 'queued' = ANY (own.unique_states))
        """
    }

    /// Whether the job can't be queued again, since another holds its unique key; gives that one's id.
    package static func uniqueConflict(of id: String) -> SQLStatement {
        SQLStatement(
            """
            SELECT holder.id FROM jobs AS own JOIN jobs AS holder ON holder.unique_key = own.unique_key
                AND holder.unique_key IS NOT NULL AND holder.state = ANY (holder.unique_states) AND holder.id <> own.id
            WHERE own.id = $1 AND 'queued' = ANY (own.unique_states)
            """,
            [.text(id.storable)]
        )
    }

    /// Dead jobs go back to their queues, and their attempts are counted anew.
    package static func requeued(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = 'queued', attempts = 0, finished_at = NULL WHERE state = 'dead' AND id = ANY (ARRAY(
                SELECT id FROM jobs WHERE id = ANY ($1) AND state = 'dead' ORDER BY id COLLATE "C" FOR UPDATE))
            """,
            [.textArray(ids.map(\.storable))]
        )
    }

    static let isUnfinished = "state NOT IN ('succeeded', 'dead', 'cancelled', 'expired')"

    /// A job that may have an effect yet.
    static let isOpen = "state NOT IN ('succeeded', 'dead', 'cancelled', 'expired', 'cancelling')"
}
