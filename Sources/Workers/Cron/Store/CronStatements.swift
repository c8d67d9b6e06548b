import FlotillaLocalization
import FlotillaModels
import FlotillaStorage

/// The statements on `cron_entries`. Times come from the caller, whose clock it is.
enum CronStatements {
    static let list = SQLStatement("SELECT \(CronRecord.columns) FROM cron_entries ORDER BY name COLLATE \"C\"")

    static func get(_ name: String) -> SQLStatement {
        SQLStatement("SELECT \(CronRecord.columns) FROM cron_entries WHERE name = $1", [.text(name.withoutNulls)])
    }

    /// The same, and nobody else changes it or runs it until the transaction has ended.
    static func lock(_ name: String) -> SQLStatement {
        SQLStatement(
            "SELECT \(CronRecord.columns) FROM cron_entries WHERE name = $1 FOR UPDATE",
            [.text(name.withoutNulls)]
        )
    }

    /// The entry that has been due for the longest time and that no other scheduler has, if there is one.
    ///
    /// - Parameter failed: names that are left out.
    static func claim(at now: Int64, without failed: [String]) -> SQLStatement {
        SQLStatement(
            """
            SELECT \(CronRecord.columns) FROM cron_entries
            WHERE paused_at IS NULL AND next_at <= $1 AND NOT name = ANY ($2)
            ORDER BY next_at, name LIMIT 1 FOR UPDATE SKIP LOCKED
            """,
            [.timestamp(now), .textArray(failed)]
        )
    }

    /// Whether there is anything to claim.
    static func isDue(at now: Int64, without failed: [String]) -> SQLStatement {
        SQLStatement(
            """
            SELECT FROM cron_entries WHERE paused_at IS NULL AND next_at <= $1 AND NOT name = ANY ($2) LIMIT 1
            """,
            [.timestamp(now), .textArray(failed)]
        )
    }

    /// What one step has done.
    static func advance(
        _ name: String,
        next: Int64?,
        last: (nominal: Int64, job: String)?,
        missed: Int,
        skipped: Int
    ) -> SQLStatement {
        SQLStatement(
            """
            UPDATE cron_entries SET next_at = $2, last_nominal_at = coalesce($3, last_nominal_at),
                last_job_id = coalesce($4, last_job_id), missed = missed + $5, skipped = skipped + $6 WHERE name = $1
            """,
            [
                .text(name), next.map { .timestamp($0) } ?? .null, (last?.nominal).map { .timestamp($0) } ?? .null,
                .optional(last?.job), .int(Int64(missed)), .int(Int64(skipped)),
            ]
        )
    }

    /// A run by hand, which moves nothing but what was last.
    static func ran(_ name: String, _ nominal: Int64, job: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE cron_entries SET last_job_id = $3, last_nominal_at = greatest(last_nominal_at, $2) WHERE name = $1
            """,
            [.text(name), .timestamp(nominal), .text(job)]
        )
    }

    /// Writes an entry, unless it is of another source. How it stands is kept; what its next run is as well, unless the
    /// schedule has changed. Gives the name when something has.
    static func put(_ entry: CronEntry, source: CronSource, next: Int64?, at now: Int64) -> SQLStatement {
        let columns = """
            type, payload, schedule, time_zone, overlap, catch_up, jitter, pause_on_failure, priority, max_attempts,
            expires_after
            """
        let old = columns.split(separator: ",").map { "old.\($0.filter { !$0.isWhitespace })" }.joined(separator: ", ")
        let new = old.replacing("old.", with: "EXCLUDED.")
        return SQLStatement(
            """
            INSERT INTO cron_entries AS old (name, \(columns), source, next_at, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7 * interval '1 millisecond', $8 * interval '1 millisecond', $9,
                $10::bigint::smallint, $11::bigint::integer, $15 * interval '1 millisecond', $12, $13, $14, $14)
            ON CONFLICT (name) DO UPDATE SET (\(columns), updated_at) = ROW (\(new), EXCLUDED.updated_at),
                next_at = CASE WHEN (old.schedule, old.time_zone) = (EXCLUDED.schedule, EXCLUDED.time_zone)
                    THEN old.next_at ELSE EXCLUDED.next_at END
            WHERE old.source = EXCLUDED.source AND (\(old)) IS DISTINCT FROM (\(new))
            RETURNING name
            """,
            [
                .text(entry.name), .text(entry.type), .bytes(entry.payload), .text(entry.schedule.text),
                .text(entry.zone.name), .text(entry.overlap.rawValue), .int(entry.catchUp.milliseconds),
                .int(entry.jitter.milliseconds), .bool(entry.pauseOnFailure), .int(Int64(entry.priority.number)),
                entry.maxAttempts.map { .int(Int64($0)) } ?? .null, .text(source.rawValue),
                next.map { .timestamp($0) } ?? .null, .timestamp(now),
                entry.expiresAfter.map { .int($0.milliseconds) } ?? .null,
            ]
        )
    }

    /// The entries of the file are these. Gives the names of those that are gone.
    static func keepOfFile(_ names: [String]) -> SQLStatement {
        SQLStatement(
            "DELETE FROM cron_entries WHERE source = 'file' AND NOT name = ANY ($1) RETURNING name",
            [.textArray(names)]
        )
    }

    /// Names that the API has taken.
    static func ofAPI(_ names: [String]) -> SQLStatement {
        SQLStatement(
            "SELECT name FROM cron_entries WHERE source = 'api' AND name = ANY ($1) ORDER BY name",
            [.textArray(names)]
        )
    }

    static func delete(_ name: String) -> SQLStatement {
        SQLStatement("DELETE FROM cron_entries WHERE name = $1", [.text(name.withoutNulls)])
    }

    static func pause(_ name: String, by actor: String, note: String?, for job: String? = nil, at now: Int64)
        -> SQLStatement
    {
        SQLStatement(
            """
            UPDATE cron_entries SET paused_at = $2, paused_by = $3, note = $4, paused_for = coalesce($5, paused_for)
            WHERE name = $1 AND paused_at IS NULL
            """,
            [
                .text(name.withoutNulls), .timestamp(now), .text(actor.withoutNulls), .optional(note?.withoutNulls),
                .optional(job),
            ]
        )
    }

    static func resume(_ name: String, next: Int64?) -> SQLStatement {
        SQLStatement(
            """
            UPDATE cron_entries SET paused_at = NULL, paused_by = NULL, note = NULL, next_at = $2,
                paused_for = CASE WHEN pause_on_failure THEN last_job_id ELSE paused_for END WHERE name = $1
            """,
            [.text(name), next.map { .timestamp($0) } ?? .null]
        )
    }

    /// The entries that a death of their last run is to pause, and that run.
    static let watched = SQLStatement(
        """
        SELECT name, last_job_id FROM cron_entries WHERE pause_on_failure AND paused_at IS NULL
            AND last_job_id IS NOT NULL AND paused_for IS DISTINCT FROM last_job_id
        """
    )
}
