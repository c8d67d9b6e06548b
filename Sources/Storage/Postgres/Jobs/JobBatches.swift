package import FlotillaModels
import FlotillaPlatform

/// Batches of jobs: what becomes of many as one. Everything about them is counted from the rows of their members.
package struct JobBatches: Sendable {
    let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Makes a batch that is open: jobs may be added to it until it is closed.
    package func create(name: String?, createdBy: String?, correlationID: String?) async throws(PostgresError)
        -> JobBatch
    {
        let id = UUIDv7.make()
        _ = try await pool.query(
            SQLStatement(
                "INSERT INTO job_batches (id, name, created_by, correlation_id) VALUES ($1, $2, $3, $4)",
                [
                    .text(id), .optional(name?.storable), .optional(createdBy?.storable),
                    .optional(correlationID?.storable),
                ]
            )
        )
        guard let batch = try await get(id) else { throw .violation("create a batch", "it is not there") }
        return batch
    }

    /// From now on only members that run may add members. An empty batch is complete at once.
    ///
    /// - Returns: false when there is no such batch; a second time changes nothing.
    package func close(_ id: String) async throws(PostgresError) -> Bool {
        let results = try await pool.pipeline([
            SQLStatement(
                "UPDATE job_batches SET closed_at = coalesce(closed_at, now()) WHERE id = $1",
                [.text(id.storable)]
            ),
            SQLStatement(
                "INSERT INTO job_ends (batch_id) SELECT id FROM job_batches WHERE id = $1 AND completed_at IS NULL",
                [.text(id.storable)]
            ),
            JobDependencies.notify,
        ])
        return results[0].affected == 1
    }

    package func get(_ id: String) async throws(PostgresError) -> JobBatch? {
        let results = try await pool.pipeline([
            SQLStatement("SELECT \(JobBatch.columns) FROM job_batches WHERE id = $1", [.text(id.storable)]),
            SQLStatement("SELECT state, count(*) FROM jobs WHERE batch_id = $1 GROUP BY state", [.text(id.storable)]),
        ])
        guard let row = results[0].first else { return nil }
        let counts = results[1].compactMap { row in
            row.text(0).flatMap(JobState.init).map { ($0, Int(row.int(1) ?? 0)) }
        }
        return JobBatch(row, counts: Dictionary(counts, uniquingKeysWith: +))
    }

    /// Batches, the newest first, without the counts of their members.
    ///
    /// - Parameters:
    ///   - isComplete: `nil` for all.
    ///   - cursor: the id of the last one of the page before.
    package func list(
        isComplete: Bool? = nil,
        after cursor: String? = nil,
        limit: Int = 50
    ) async throws(PostgresError) -> [JobBatch] {
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT \(JobBatch.columns) FROM job_batches
                WHERE ($1 = '' OR id < $1) AND ($2::bigint < 0 OR (completed_at IS NOT NULL) = ($2::bigint = 1))
                ORDER BY id DESC LIMIT $3
                """,
                [
                    .text(cursor?.storable ?? ""), .int(isComplete.map { $0 ? 1 : 0 } ?? -1),
                    .int(Int64(min(max(limit, 1), 500))),
                ]
            )
        )
        return rows.map { JobBatch($0, counts: [:]) }
    }

    /// Notes of batches what has come to pass: each of the three statements gives those of which it is true from now on.
    ///
    /// The first: a member has died. The second: it is closed, and all members have ended. The third: all have succeeded but for
    /// cancelled ones.
    package static func note(_ ids: [String]) -> [SQLStatement] {
        let wanted = SQLValue.textArray(ids)
        func statement(_ column: String, _ condition: String) -> SQLStatement {
            SQLStatement(
                """
                WITH found AS MATERIALIZED (
                    SELECT id FROM job_batches WHERE id = ANY ($1) ORDER BY id COLLATE "C" FOR UPDATE)
                UPDATE job_batches SET \(column) = now() FROM found
                WHERE job_batches.id = found.id AND \(column) IS NULL AND \(condition)
                RETURNING \(JobBatch.columns.replacing("id,", with: "job_batches.id,", maxReplacements: 1))
                """,
                [wanted]
            )
        }
        let isOver = """
            closed_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM jobs WHERE batch_id = job_batches.id AND finished_at IS NULL)
            """
        return [
            statement(
                "died_at",
                "EXISTS (SELECT FROM jobs WHERE batch_id = job_batches.id AND state = 'dead')"
            ),
            statement("completed_at", isOver),
            statement(
                "succeeded_at",
                "\(isOver) AND NOT EXISTS (SELECT FROM jobs WHERE batch_id = job_batches.id AND state IN ('dead', 'expired'))"
            ),
        ]
    }

    /// What ``count(_:)`` has found, by the batch's id.
    package static func counts(_ result: SQLResult) -> [String: [JobState: Int]] {
        result.reduce(into: [:]) { counts, row in
            guard let batch = row.text(0), let state = row.text(1).flatMap(JobState.init) else { return }
            counts[batch, default: [:]][state] = Int(row.int(2) ?? 0)
        }
    }

    /// Members that have not ended, in the order of their ids.
    package static func openMembers(of id: String, after cursor: String, limit: Int) -> SQLStatement {
        SQLStatement(
            """
            SELECT id FROM jobs WHERE batch_id = $1 AND finished_at IS NULL AND id > $2 ORDER BY id LIMIT $3
            """,
            [.text(id.storable), .text(cursor), .int(Int64(limit))]
        )
    }

    /// How many members of each batch are in each state.
    package static func count(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            "SELECT batch_id, state, count(*) FROM jobs WHERE batch_id = ANY ($1) GROUP BY batch_id, state",
            [.textArray(ids)]
        )
    }

    /// Keeps the batches from being closed until the transaction ends, and tells whether each takes members: it is open, or
    /// one of `parents` is a member that runs; and who has made it.
    static func lock(_ ids: some Sequence<String>, addedBy parents: some Sequence<String>) -> SQLStatement {
        SQLStatement(
            """
            SELECT id, closed_at IS NULL OR EXISTS (
                SELECT FROM jobs WHERE jobs.id = ANY ($2) AND batch_id = job_batches.id AND state = 'running'), created_by
            FROM job_batches WHERE id = ANY ($1) ORDER BY id COLLATE "C" FOR SHARE
            """,
            [.textArray(ids.map(\.storable)), .textArray(parents.map(\.storable))]
        )
    }
}
