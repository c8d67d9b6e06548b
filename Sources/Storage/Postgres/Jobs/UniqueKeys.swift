import FlotillaModels

/// Statements about the unique keys of jobs, which stand on the jobs' own rows.
enum UniqueKeys {
    /// A job that holds the unique key, or is the run, of another to be stored.
    struct Holder: Sendable {
        let job: Job
        private let uniqueKey: [UInt8]?
        private let isHeld: Bool

        init(_ row: SQLRow) {
            job = Job(row)
            uniqueKey = row.bytes(Job.columnCount)
            isHeld = row.bool(Job.columnCount + 1) ?? false
        }

        func isSameRun(as entry: JobEntry) -> Bool {
            guard let name = entry.new.cronName else { return false }
            return name == job.cronName && entry.new.nominalAt == job.nominalAt
        }

        func holds(_ entry: JobEntry) -> Bool {
            isSameRun(as: entry) || isHeld && uniqueKey != nil && uniqueKey == entry.uniqueKey
        }
    }

    /// Takes the keys off jobs whose period is over; to be executed before the insert that wants them.
    static func freeExpired(_ keys: [[UInt8]]) -> SQLStatement {
        SQLStatement(
            """
            UPDATE jobs SET unique_key = NULL WHERE id = ANY (ARRAY(
                SELECT id FROM jobs WHERE unique_key = ANY ($1) AND state = ANY (unique_states) AND unique_until <= now()
                ORDER BY id COLLATE "C" FOR UPDATE))
            """,
            [.bytesArray(keys)]
        )
    }

    static func holders(of entries: [JobEntry]) -> SQLStatement {
        SQLStatement(
            """
            SELECT \(Job.columns), unique_key, true FROM jobs
            WHERE unique_key = ANY ($1) AND unique_key IS NOT NULL AND state = ANY (unique_states)
            UNION ALL
            SELECT \(Job.columns), NULL, false FROM jobs
            WHERE (cron_name, nominal_at) IN (SELECT * FROM unnest($2, $3)) AND cron_name IS NOT NULL
            """,
            [
                .bytesArray(entries.map(\.uniqueKey)), .textArray(entries.map { $0.new.cronName?.storable }),
                .timestampArray(entries.map(\.new.nominalAt)),
            ]
        )
    }

    /// Cancels a job that has not started, and takes back its message; no row when it has.
    static func replace(_ id: String, by new: String) -> [SQLStatement] {
        [
            SQLStatement(
                """
                UPDATE jobs SET state = 'cancelled', finished_at = now(), reason = 'replaced by ' || $2
                WHERE id = $1 AND state IN ('scheduled', 'waiting', 'queued') AND started_at IS NULL RETURNING id
                """,
                [.text(id), .text(new)]
            ),
            Outbox.takeBack(jobs: [id]),
        ]
    }
}
