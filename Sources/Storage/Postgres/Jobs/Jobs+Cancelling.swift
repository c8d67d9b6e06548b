package import FlotillaModels

extension Jobs {
    /// How long a handler has to end after its job was cancelled, unless something else is asked for.
    package static let cancelLimit = Duration.seconds(30)

    /// Cancels a job whose effect is not committed, and takes back its message if it is not yet published.
    ///
    /// One that waits is `cancelled` at once. One that runs is `cancelling`: its handler is asked to end, and `cancelled` once
    /// it has ended or the time is over. Either way its effect is never committed: the effect's transaction asks for the
    /// job's state, see ``claimEffects(of:)``. What the handler does outside that transaction is done.
    ///
    /// - Parameters:
    ///   - reason: kept with the job.
    ///   - limit: how long a handler that runs has to end.
    ///   - record: executed in the same transaction, if the job is cancelled.
    /// - Returns: the new state; `nil` when the job has ended, is cancelling already, its effect is committed, or it is unknown.
    package func cancel(
        _ id: String,
        because reason: String? = nil,
        within limit: Duration = cancelLimit,
        record: [SQLStatement] = []
    ) async throws -> JobState? {
        try await pool.transaction { transaction in
            let statement = Self.cancel([id], because: reason, within: limit)
            let states = try await transaction.query(statement)
            guard let state = states.first?.text(1).flatMap(JobState.init) else { return nil }
            try await transaction.commit(after: [Outbox.takeBack(jobs: [id])] + record)
            return state
        }
    }

    /// Cancels jobs as ``cancel(_:because:within:record:)`` does, and gives the id and the new state of each that was open.
    /// Their messages are for `Outbox.takeBack(jobs:)`.
    package static func cancel(_ ids: [String], because reason: String?, within limit: Duration) -> SQLStatement {
        SQLStatement(
            """
            WITH \(found)
            UPDATE jobs SET state = CASE state WHEN 'running' THEN 'cancelling' ELSE 'cancelled' END,
                finished_at = CASE state WHEN 'running' THEN NULL ELSE now() END,
                cancel_by = CASE state WHEN 'running' THEN now() + $3 * interval '1 second' END, reason = $2
            FROM found WHERE jobs.id = found.id AND found.is_open AND effect_at IS NULL
            RETURNING jobs.id, jobs.state
            """,
            [.textArray(ids.map(\.storable)), .optional(reason?.storable), .double(limit.seconds)]
        )
    }

    /// The jobs whose handlers are asked to end, with how many seconds each has left; a worker asks its own to.
    package static let cancelling = SQLStatement(
        """
        SELECT id, greatest(extract(epoch FROM cancel_by - now()), 0)::double precision FROM jobs
        WHERE state = 'cancelling'
        """
    )

    /// A handler that was asked to end has ended.
    package static func ended(cancelling id: String, attempts: Int) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = 'cancelled', finished_at = now(), attempts = greatest(attempts, $2::bigint::integer)
            WHERE id = $1 AND state = 'cancelling'
            """,
            [.text(id.storable), .int(Int64(attempts))]
        )
    }

    /// Ends up to `limit` jobs whose handlers had time to end, and gives their ids.
    package static func giveUpCancelling(limit: Int) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = 'cancelled', finished_at = now() WHERE id = ANY (ARRAY(
                SELECT id FROM jobs WHERE state = 'cancelling' AND cancel_by <= now()
                ORDER BY cancel_by LIMIT $1 FOR UPDATE SKIP LOCKED))
            RETURNING id, type
            """,
            [.int(Int64(limit))]
        )
    }

    /// Ends up to `limit` jobs that have not started in time, and gives their ids; their messages are for
    /// ``Outbox/takeBack(jobs:)``.
    package static func expire(limit: Int) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = 'expired', finished_at = now(), reason = 'not started in time' WHERE id = ANY (ARRAY(
                SELECT id FROM jobs WHERE expires_at <= now() AND started_at IS NULL AND finished_at IS NULL
                ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))
            RETURNING id, type
            """,
            [.int(Int64(limit))]
        )
    }
}
