package import FlotillaStorage

/// Jobs. One that is about the person alone is cancelled, unless it has ended or its effect is committed.
package enum JobData {
    package static func store(_ pool: PostgresPool) -> RedactedTable {
        let isToBeCancelled = """
            state IN ('scheduled', 'waiting', 'queued', 'running', 'retrying', 'cancelling') AND effect_at IS NULL
            """
        return RedactedTable(
            name: "jobs",
            table: "jobs",
            key: ("id", "text"),
            columns: [
                .init("payload", .bytes), .init("result", .jsonb), .init("error_message", .text),
                .init("idempotency_key", .unique), .init("correlation_id", .text), .init("job_key", .text),
                .init("reason", .text), .init("created_by", .caller),
                .init("created_by_ref", .caller),
            ],
            event: "type",
            whenOwn: """
                request_hash = NULL, field_keys = NULL, finished_at = CASE WHEN \(isToBeCancelled) THEN now() ELSE finished_at END,
                state = CASE WHEN \(isToBeCancelled) THEN 'cancelled' ELSE state END
                """,
            pool: pool
        )
    }
}
