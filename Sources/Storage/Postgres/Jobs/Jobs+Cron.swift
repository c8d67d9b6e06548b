/// What is asked of the jobs of a cron entry.
extension Jobs {
    /// The ids of an entry's jobs that have not ended, by their nominal times.
    package static func unfinishedRuns(ofCron name: String) -> SQLStatement {
        SQLStatement(
            "SELECT id FROM jobs WHERE cron_name = $1 AND finished_at IS NULL ORDER BY nominal_at, id",
            [.text(name.storable)]
        )
    }

    /// Which of the jobs are dead.
    package static func dead(among ids: [String]) -> SQLStatement {
        SQLStatement(
            "SELECT id FROM jobs WHERE id = ANY ($1) AND state = 'dead' ORDER BY id",
            [.textArray(ids.map(\.storable))]
        )
    }
}
