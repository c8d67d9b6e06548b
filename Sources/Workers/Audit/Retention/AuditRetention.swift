import FlotillaModels
package import FlotillaPlatform
package import FlotillaStorage

/// Takes the oldest months out of the audit log, and leaves a chain that verifies: each lane's base moves to the last
/// row that went, and a signed checkpoint says so.
package struct AuditRetention: Sendable {
    package struct Month: Sendable, Hashable {
        package let partition: AuditPartitions.Partition
        /// The checkpoint at the cut; `nil` for a dry run.
        package var checkpoint: Int64?
    }

    private let pool: PostgresPool
    private let key: SigningKey

    package init(_ pool: PostgresPool, key: SigningKey) {
        self.pool = pool
        self.key = key
    }

    /// The months older than the last `months` whole ones by the database's clock, the oldest first.
    package func expired(keeping months: Int) async throws -> [AuditPartitions.Partition] {
        let first = CalendarMonth(containing: try await pool.time()).adding(-months)
        return try await AuditPartitions(pool).list().filter { $0.month.start < first.start }
    }

    /// Detaches a month, which has to be the oldest; its table stays under its name unless it is dropped.
    ///
    /// Writers wait meanwhile, for as long as it takes to find the last row of each lane.
    /// - Parameter record: statements of the same transaction.
    /// - Returns: the number of the checkpoint at the seam.
    /// - Throws: `AuditError` when the month does not follow the base: rows are missing, or an older month is there.
    package func detach(
        _ partition: AuditPartitions.Partition,
        drops: Bool,
        by actor: String,
        record: [SQLStatement] = []
    ) async throws -> Int64? {
        let table = partition.table
        return try await pool.transaction { transaction in
            _ = try await transaction.pipeline([
                SQLStatement("SET LOCAL lock_timeout = '10s'"),
                SQLStatement("SELECT pg_advisory_xact_lock(hashtextextended('audit_logs_ensure_month', 0))"),
                SQLStatement("SELECT lane FROM audit_lanes ORDER BY lane FOR UPDATE"),
            ])
            let faulty = try await transaction.query(
                SQLStatement(
                    """
                    SELECT lanes.lane FROM audit_lanes AS lanes JOIN (
                        SELECT lane, count(*) AS rows, min(sequence) AS first, max(sequence) AS last
                        FROM \(table) GROUP BY lane) AS gone ON gone.lane = lanes.lane
                    WHERE gone.first <> base_sequence + 1 OR gone.last - base_sequence <> gone.rows
                    """
                )
            )
            guard faulty.isEmpty else {
                throw AuditError(
                    code: .invalid,
                    operation: "detach \(table)",
                    detail: "its rows do not follow the lanes' bases without a gap: run flotilla audit verify --full",
                    isRetriable: false
                )
            }
            let moved = try await transaction.query(
                SQLStatement(
                    """
                    UPDATE audit_lanes AS lanes SET base_sequence = gone.sequence, base_hash = gone.hash
                    FROM \(table) AS gone
                    WHERE gone.lane = lanes.lane AND gone.sequence = (
                        SELECT max(sequence) FROM \(table) AS all_gone WHERE all_gone.lane = lanes.lane)
                    """
                )
            )
            var statements = [SQLStatement("ALTER TABLE audit_logs DETACH PARTITION \(table)")]
            if drops {
                statements.append(
                    SQLStatement(
                        "DELETE FROM audit_action_steps WHERE recorded_at < $1",
                        [.timestamp(partition.month.next.start)]
                    )
                )
                statements.append(SQLStatement("DROP TABLE \(table)"))
            }
            _ = try await transaction.pipeline(statements + record)
            try await AuditAppend.append([Self.record(table, drops, actor, lanes: moved.affected)], in: transaction)
            return try await Checkpointing.make(in: transaction, key: key, isForced: true)?.number
        }
    }

    private static func record(_ table: String, _ drops: Bool, _ actor: String, lanes: Int) -> AuditRecord {
        let now = WallClock.microseconds()
        let body = JSONValue.members([
            .init(name: "table", value: .string(table)), .init(name: "dropped", value: .boolean(drops)),
            .init(name: "lanes", value: .number("\(lanes)")),
        ])
        return AuditRecord(
            lane: 0,
            sequence: 0,
            recordedAt: now,
            occurredAt: now,
            event: "audit.month.detached",
            actor: actor,
            subject: table,
            service: "flotilla",
            messageID: UUIDv7.make(),
            exchange: "",
            routingKey: "audit.month.detached",
            body: Array(body.json.utf8)
        )
    }
}
