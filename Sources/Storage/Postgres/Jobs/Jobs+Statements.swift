package import FlotillaModels

/// The steps of a job's record, to be executed in the transaction of its effect.
///
/// A final state stays: a statement that finds one changes nothing, and its `affected` is 0.
extension Jobs {
    /// Locks the rows, so that no cancellation comes in between, and gives `id, state` of those that are not final.
    package static func claim(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            "SELECT id, state FROM jobs WHERE id = ANY ($1) AND \(isOpen) ORDER BY id FOR UPDATE",
            [.textArray(ids.map(\.storable))]
        )
    }

    /// The relay has published the messages of scheduled jobs.
    package static func queued(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            "UPDATE jobs SET state = 'queued' WHERE id = ANY ($1) AND state = 'scheduled'",
            [.textArray(ids.map(\.storable))]
        )
    }

    /// The job's handler has started an attempt.
    package static func running(_ id: String, attempts: Int) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = 'running', attempts = greatest(attempts, $2::bigint::integer),
                started_at = coalesce(started_at, now()) WHERE id = $1 AND \(isOpen)
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
            UPDATE jobs SET state = 'succeeded', attempts = greatest(attempts, $2::bigint::integer),
                result = $3::jsonb, error_type = NULL, error_message = NULL, finished_at = now()
            WHERE id = $1 AND \(isOpen)
            """,
            [.text(id.storable), .int(Int64(attempts)), result.map { .json($0) } ?? .null]
        )
    }

    /// The job's attempts are spent, or its error is permanent.
    package static func dead(_ id: String, attempts: Int, failure: Failure) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = 'dead', attempts = greatest(attempts, $2::bigint::integer),
                error_type = $3, error_message = $4, finished_at = now() WHERE id = $1 AND \(isOpen)
            """,
            [.text(id.storable), .int(Int64(attempts)), .text(failure.type.storable), .text(failure.message.storable)]
        )
    }

    /// The job was cancelled while it ran.
    package static func cancelled(_ id: String, attempts: Int) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = 'cancelled', attempts = greatest(attempts, $2::bigint::integer),
                finished_at = now() WHERE id = $1 AND \(isOpen)
            """,
            [.text(id.storable), .int(Int64(attempts))]
        )
    }

    /// Dead jobs go back to their queues.
    package static func requeued(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            "UPDATE jobs SET state = 'queued', finished_at = NULL WHERE id = ANY ($1) AND state = 'dead'",
            [.textArray(ids.map(\.storable))]
        )
    }

    private static let isOpen = "state NOT IN ('succeeded', 'dead', 'cancelled')"
}
