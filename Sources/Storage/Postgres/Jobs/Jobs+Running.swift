/// The statements of a job whose handler runs: when it starts, and when its effect commits.
///
/// Both lock the rows of the jobs that they find, in the order of their ids' bytes, and give the ids of those that are not
/// open: that have ended or are being cancelled, for ``ended(_:of:)``. A job without a row is open.
extension Jobs {
    /// Handlers are about to run: the jobs are `running`, and a first start is on record. One that has waited beyond its time
    /// is expired, and one whose handler was asked to end is cancelled: that handler has ended with its process.
    ///
    /// - Parameter attempts: the number of the attempt that starts, from 1, by the job's id.
    package static func start(_ attempts: [String: Int]) -> SQLStatement {
        SQLStatement(
            """
            WITH \(found), started AS (
                UPDATE jobs SET state = 'running', started_at = coalesce(started_at, now()),
                    attempts = greatest(attempts, number::integer)
                FROM found JOIN (SELECT id, max(number) AS number FROM unnest($1, $2) AS new (id, number) GROUP BY id)
                    AS new USING (id)
                WHERE jobs.id = found.id AND found.is_open AND NOT found.is_late),
            late AS (
                UPDATE jobs SET finished_at = now(), state = CASE WHEN found.is_late THEN 'expired' ELSE 'cancelled' END,
                    reason = CASE WHEN found.is_late THEN 'not started in time' ELSE jobs.reason END
                FROM found WHERE jobs.id = found.id AND (found.is_late OR found.is_cancelling))
            SELECT id FROM found WHERE is_late OR NOT is_open
            """,
            [.textArray(attempts.keys.map(\.storable)), .intArray(attempts.values.map { Int64($0) })]
        )
    }

    /// To be executed in the transaction of the jobs' effects: from its commit on none of them can be cancelled, and a
    /// cancellation that was there before is seen, since it has changed the row.
    package static func claimEffects(of ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            WITH \(found), claimed AS (
                UPDATE jobs SET effect_at = coalesce(effect_at, now())
                FROM found WHERE jobs.id = found.id AND found.is_open)
            SELECT id FROM found WHERE NOT is_open
            """,
            [.textArray(ids.map(\.storable))]
        )
    }

    /// Which of the jobs have ended: cancelled, carried out by a duplicate, or dead.
    ///
    /// - Parameter result: of ``start(_:)`` or ``claimEffects(of:)``.
    package static func ended(_ result: SQLResult, of ids: some Sequence<String>) -> Set<String> {
        guard !result.isEmpty else { return [] }
        let ended = Set(result.compactMap { $0.text(0) })
        return Set(ids.filter { ended.contains($0.storable) })
    }

    static let found = """
        found AS MATERIALIZED (
            SELECT id, \(isOpen) AS is_open, state = 'cancelling' AS is_cancelling,
                \(isOpen) AND started_at IS NULL AND expires_at IS NOT NULL AND expires_at <= now() AS is_late
            FROM jobs WHERE id = ANY ($1)
            ORDER BY id COLLATE "C" FOR UPDATE)
        """
}
