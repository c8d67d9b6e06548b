import FlotillaStorage

enum AuditStatements {
    /// Locks a lane that nobody holds, if there is one.
    static let freeLane = SQLStatement(
        """
        SELECT lane, sequence, hash, greatest(recorded_at, clock_timestamp()) FROM audit_lanes
        LIMIT 1 FOR UPDATE SKIP LOCKED
        """
    )

    /// Waits for a lane drawn by lot.
    static let busyLane = SQLStatement(
        """
        WITH drawn AS MATERIALIZED (SELECT lane FROM audit_lanes ORDER BY random() LIMIT 1)
        SELECT lane, sequence, hash, greatest(recorded_at, clock_timestamp()) FROM audit_lanes
        WHERE lane = (SELECT lane FROM drawn) FOR UPDATE
        """
    )

    static func ensureMonth(of time: Int64) -> SQLStatement {
        SQLStatement("SELECT audit_logs_ensure_month($1)", [.timestamp(time)])
    }

    static let insert = """
        INSERT INTO audit_logs (
            lane, hash_version, sequence, recorded_at, occurred_at, event, actor, subject, service, correlation_id,
            message_id, exchange, routing_key, trace_parent, previous_hash, hash, body, received_by, received_route,
            received_address, received_at, received_id)
        SELECT $1, $2, $3 + position, $4, occurred_at, event, actor, subject, service, correlation_id,
            message_id, exchange, routing_key, trace_parent, previous_hash, hash, convert_from(body, 'UTF8'),
            received_by, received_route, received_address, received_at, received_id
        FROM unnest($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
            $22) WITH ORDINALITY AS added (
            occurred_at, event, actor, subject, service, correlation_id, message_id, exchange, routing_key, trace_parent,
            previous_hash, hash, body, received_by, received_route, received_address, received_at, received_id, position)
        """

    static let moveHead = "UPDATE audit_lanes SET sequence = $2, hash = $3, recorded_at = $4 WHERE lane = $1"
}
