/// What shows how jobs go on, each by an index. But for ``wholeRecords(of:)`` without payloads and results.
extension Jobs {
    package static func records(of ids: [String]) -> SQLStatement {
        SQLStatement("SELECT \(Job.listColumns) FROM jobs WHERE id = ANY ($1)", [.textArray(ids.map(\.storable))])
    }

    package static func wholeRecords(of ids: [String]) -> SQLStatement {
        SQLStatement("SELECT \(Job.columns) FROM jobs WHERE id = ANY ($1)", [.textArray(ids.map(\.storable))])
    }

    /// Those enqueued later than the one with this id, the oldest first.
    package static func new(after id: String, limit: Int) -> SQLStatement {
        SQLStatement(
            "SELECT \(Job.listColumns) FROM jobs WHERE id > $1 ORDER BY id LIMIT $2",
            [.text(id.storable), .int(Int64(limit))]
        )
    }

    /// Those that have ended at that time or later, those that ended first at the front.
    ///
    /// - Parameters:
    ///   - time: microseconds since 1970.
    ///   - id: of those that ended exactly then, only the ones with a greater id.
    package static func ended(since time: Int64, after id: String, limit: Int) -> SQLStatement {
        SQLStatement(
            """
            SELECT \(Job.listColumns) FROM jobs WHERE finished_at >= $1 AND (finished_at > $1 OR id > $2)
            ORDER BY finished_at, id LIMIT $3
            """,
            [.timestamp(time), .text(id.storable), .int(Int64(limit))]
        )
    }

    /// Those that run, and those whose handlers were asked to end: up to `limit` of each, the newest first.
    package static func running(limit: Int) -> SQLStatement {
        // Each state for itself, so that none can be looked for among all jobs in the order of their ids.
        let parts = ["running", "cancelling"].map { state in
            "(SELECT \(Job.listColumns) FROM jobs WHERE state = '\(state)' ORDER BY id DESC LIMIT $1)"
        }
        return SQLStatement(parts.joined(separator: " UNION ALL "), [.int(Int64(limit))])
    }

    /// The database's time.
    package static let time = SQLStatement("SELECT now()")
}

extension SQLResult {
    /// The jobs of a statement that gives all columns of theirs.
    package var jobs: [Job] { map { Job($0) } }
}
