import FlotillaModels
import FlotillaStorage

/// Statements about jobs with keys, which wait in Postgres until it is their turn.
enum KeyedJobs {
    /// The types that have jobs waiting for a turn.
    static let waitingTypes = SQLStatement(
        """
        WITH RECURSIVE found (type) AS (
            (SELECT type FROM jobs WHERE job_key IS NOT NULL AND state = 'waiting' AND NOT is_blocked ORDER BY type LIMIT 1)
            UNION ALL
            SELECT (SELECT type FROM jobs WHERE job_key IS NOT NULL AND state = 'waiting' AND NOT is_blocked
                AND jobs.type > found.type ORDER BY type LIMIT 1)
            FROM found WHERE found.type IS NOT NULL)
        SELECT type FROM found WHERE type IS NOT NULL
        """
    )

    /// Jobs with keys whose time has come wait for their turn now.
    static func arrive(limit: Int) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET state = 'waiting' WHERE id = ANY (ARRAY(
                SELECT id FROM jobs WHERE job_key IS NOT NULL AND state = 'scheduled' AND scheduled_at <= now()
                ORDER BY scheduled_at LIMIT $1 FOR UPDATE SKIP LOCKED))
            """,
            [.int(Int64(limit))]
        )
    }

    /// When the next such job's time comes, in seconds from now.
    static let nextArrival = SQLStatement(
        """
        SELECT extract(epoch FROM min(scheduled_at) - now())::double precision FROM jobs
        WHERE job_key IS NOT NULL AND state = 'scheduled'
        """
    )

    /// Makes sure that the type has a row, which whoever gives turns locks.
    static func prepare(_ type: String) -> SQLStatement {
        SQLStatement("INSERT INTO job_turns (type) VALUES ($1) ON CONFLICT DO NOTHING", [.text(type)])
    }

    /// The key that had the last turn; no row while another process gives turns.
    static func lock(_ type: String) -> SQLStatement {
        SQLStatement("SELECT last_key FROM job_turns WHERE type = $1 FOR UPDATE SKIP LOCKED", [.text(type)])
    }

    static func note(_ key: String, _ type: String) -> SQLStatement {
        SQLStatement("UPDATE job_turns SET last_key = $2 WHERE type = $1", [.text(type), .text(key)])
    }

    /// How many jobs with keys are in the type's queue or run, and the server's time in microseconds since 1970.
    static func underWay(_ type: String) -> SQLStatement {
        SQLStatement(
            """
            SELECT count(*), (extract(epoch FROM now()) * 1000000)::bigint FROM jobs
            WHERE type = $1 AND job_key IS NOT NULL AND state IN ('queued', 'running', 'cancelling')
            """,
            [.text(type)]
        )
    }

    /// The keys after one, in the order of their turns, with their first waiting jobs.
    ///
    /// - Parameters:
    ///   - last: the key after which to begin; empty begins with the first.
    ///   - limit: how many keys.
    ///   - depth: how many waiting jobs of each.
    static func keys(
        of type: String,
        after last: String,
        limit: Int,
        depth: Int,
        _ rate: JobLimits.Rate?
    ) -> SQLStatement {
        SQLStatement(
            """
            WITH RECURSIVE ring (key, place) AS (
                (SELECT job_key, 1 FROM jobs
                    WHERE type = $1 AND job_key > $2 AND job_key IS NOT NULL AND state = 'waiting' AND NOT is_blocked
                    ORDER BY job_key LIMIT 1)
                UNION ALL
                SELECT (SELECT job_key FROM jobs
                    WHERE type = $1 AND job_key > ring.key AND job_key IS NOT NULL AND state = 'waiting' AND NOT is_blocked
                    ORDER BY job_key LIMIT 1), place + 1
                FROM ring WHERE ring.key IS NOT NULL AND place < $3)
            SELECT ring.key,
                (SELECT string_agg(id, ',') FROM (
                    SELECT id FROM jobs WHERE type = $1 AND job_key = ring.key AND job_key IS NOT NULL AND state = 'waiting'
                        AND NOT is_blocked ORDER BY priority DESC, id LIMIT $4) AS first),
                (SELECT count(*) FROM jobs WHERE type = $1 AND job_key = ring.key AND job_key IS NOT NULL
                    AND state IN ('queued', 'running', 'retrying', 'cancelling')),
                (SELECT string_agg(start, ',') FROM (
                    SELECT ((extract(epoch FROM dispatched_at) * 1000000)::bigint)::text AS start FROM jobs
                    WHERE type = $1 AND job_key = ring.key AND dispatched_at > now() - $6 * interval '1 second'
                    ORDER BY dispatched_at DESC LIMIT $5) AS newest)
            FROM ring WHERE key IS NOT NULL ORDER BY place
            """,
            [
                .text(type), .text(last), .int(Int64(limit)), .int(Int64(depth)), .int(Int64(rate?.count ?? 0)),
                .double(rate?.window.seconds ?? 0),
            ]
        )
    }

    /// When the last jobs of a key were handed on, the newest first; as many as the rate allows.
    static func starts(_ type: String, _ key: String, _ rate: JobLimits.Rate) -> SQLStatement {
        SQLStatement(
            """
            SELECT dispatched_at FROM jobs WHERE type = $1 AND job_key = $2
                AND dispatched_at > now() - $3 * interval '1 second' ORDER BY dispatched_at DESC LIMIT $4
            """,
            [.text(type), .text(key), .double(rate.window.seconds), .int(Int64(rate.count))]
        )
    }

    /// How many jobs of the same key have their turn before this one.
    static func before(_ job: Job) -> SQLStatement {
        SQLStatement(
            """
            SELECT count(*) FROM jobs WHERE type = $1 AND job_key = $2 AND job_key IS NOT NULL AND state = 'waiting'
                AND NOT is_blocked AND (priority, $3::text) > ($4::bigint, id)
            """,
            [.text(job.type), .text(job.key ?? ""), .text(job.id), .int(Int64(job.priority.number))]
        )
    }

    /// The jobs of a key that are under way, the oldest first.
    static func held(_ type: String, _ key: String, limit: Int) -> SQLStatement {
        SQLStatement(
            """
            SELECT id FROM jobs WHERE type = $1 AND job_key = $2 AND job_key IS NOT NULL
                AND state IN ('queued', 'running', 'retrying') ORDER BY id LIMIT $3
            """,
            [.text(type), .text(key), .int(Int64(limit))]
        )
    }
}

extension KeyTurns.Key {
    init(_ row: SQLRow) {
        self.init(
            key: row.text(0) ?? "",
            waiting: row.text(1)?.split(separator: ",").map(String.init) ?? [],
            held: Int(row.int(2) ?? 0),
            starts: row.text(3)?.split(separator: ",").compactMap { Int64($0) } ?? []
        )
    }
}
