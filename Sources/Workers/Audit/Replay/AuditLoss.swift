import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry

/// What is said when the audit log's own queue was lost: that events are missing from the log, and how many are known to.
struct AuditLoss: Sendable {
    let pool: PostgresPool
    let topology: Topology
    let process: String
    let gaps: Counter
    let log: Log

    func declare(_ gap: QueueGap) async throws {
        // What the workers still had in hand when the queue went is recorded as long as this becomes less.
        var known = Int.max
        for _ in 0..<30 {
            try await Task.sleep(for: .seconds(2))
            let count = try await knownMissing(since: gap.since, until: gap.declaredAt)
            guard count < known else { break }
            known = count
        }
        let (since, until) = (WallClock.iso8601(gap.since), WallClock.iso8601(gap.declaredAt))
        let note = "\(gap.queue) was lost: events from \(since) to \(until) may have no audit row"
        _ = try await pool.query(
            QueueGaps.finished([gap], by: process, replayed: 0, leftOut: known, note: note, isKept: true)
        )
        gaps.increment()
        log.error(
            "the audit log's queue was lost; events of that time have no audit row",
            [
                "queue": .string(gap.queue), "since": .string(since), "until": .string(until),
                "known_missing": .integer(known),
            ]
        )
    }

    /// How many events the worker of another queue has handled in that time that have no row.
    ///
    /// Those without an id of their own are not counted, since each queue gives them another, nor those whose ids hold an
    /// address, which the log does not keep.
    func knownMissing(since: Int64, until: Int64) async throws -> Int {
        let consumers = topology.queues.filter { queue in
            queue.worker != AuditWorker.name && queue.bindings.allSatisfy { $0.exchange == topology.events.name }
        }
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT count(*) FROM (
                    SELECT message_id FROM inbox
                    WHERE received_at BETWEEN $1 AND $2 AND consumer = ANY ($3)
                        AND strpos(message_id, '@') = 0 AND (length(message_id) <> 36 OR NOT message_id LIKE $4)
                    EXCEPT SELECT message_id FROM audit_logs WHERE recorded_at >= $1 - interval '1 hour') AS missing
                """,
                [
                    .timestamp(since), .timestamp(until), .textArray(consumers.map(\.name)),
                    .text("%" + UUIDv7.mark),
                ]
            )
        )
        return Int(rows.first?.int(0) ?? 0)
    }
}
