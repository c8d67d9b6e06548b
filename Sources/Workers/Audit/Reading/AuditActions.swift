import FlotillaStorage

/// Finds the actions that rows began or ended.
struct AuditActions {
    private let pool: PostgresPool

    init(_ pool: PostgresPool) { self.pool = pool }

    /// By the rows that are asked for; rows that are no step of an action are missing.
    func actions(of ids: [AuditEntry.ID]) async throws -> [AuditEntry.ID: AuditAction] {
        guard !ids.isEmpty else { return [:] }
        let rows = try await pool.query(
            SQLStatement(
                """
                WITH asked AS (
                    SELECT steps.* FROM unnest($1, $2) AS asked (lane, sequence)
                    JOIN audit_action_steps AS steps
                        ON steps.lane = asked.lane::smallint AND steps.sequence = asked.sequence)
                SELECT asked.lane, asked.sequence, found.action, status, started_at, finished_at, started_lane,
                    started_sequence, finished_lane, finished_sequence
                FROM asked CROSS JOIN LATERAL (
                    SELECT actions.* FROM audit_action_steps AS begun JOIN audit_actions AS actions
                        ON started_lane = begun.lane AND started_sequence = begun.sequence
                    WHERE begun.phase = 'started' AND (
                        (begun.lane = asked.lane AND begun.sequence = asked.sequence) OR (
                            finished_lane = asked.lane AND finished_sequence = asked.sequence AND (
                                begun.action_key = asked.action_key OR begun.message_id = asked.action_key
                                OR begun.correlation_id = asked.correlation_id)))
                    ORDER BY begun.recorded_at DESC LIMIT 1) AS found
                """,
                [.intArray(ids.map(\.lane)), .intArray(ids.map(\.sequence))]
            )
        )
        var found: [AuditEntry.ID: AuditAction] = [:]
        for row in rows {
            guard let id = Self.id(row, 0), let status = row.text(3), let startedAt = row.timestamp(4),
                let started = Self.id(row, 6)
            else { continue }
            found[id] = AuditAction(
                name: row.text(2),
                status: status,
                startedAt: startedAt,
                finishedAt: row.timestamp(5),
                started: started,
                finished: Self.id(row, 8)
            )
        }
        return found
    }

    private static func id(_ row: SQLRow, _ column: Int) -> AuditEntry.ID? {
        guard let lane = row.int(column), let sequence = row.int(column + 1) else { return nil }
        return AuditEntry.ID(lane: lane, sequence: sequence)
    }
}
