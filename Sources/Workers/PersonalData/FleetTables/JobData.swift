package import FlotillaStorage

/// Jobs. One that is about the person alone and has not ended is cancelled.
package enum JobData {
    package static func store(_ pool: PostgresPool) -> RedactedTable {
        let isOpen = "state IN ('scheduled', 'queued', 'running', 'retrying')"
        return RedactedTable(
            name: "jobs",
            table: "jobs",
            key: ("id", "text"),
            columns: [
                .init("payload", .bytes), .init("result", .jsonb), .init("error_message", .text),
                .init("idempotency_key", .unique), .init("correlation_id", .text),
            ],
            event: "type",
            whenOwn: """
                request_hash = NULL, finished_at = coalesce(finished_at, now()),
                state = CASE WHEN \(isOpen) THEN 'cancelled' ELSE state END
                """,
            pool: pool
        )
    }
}
