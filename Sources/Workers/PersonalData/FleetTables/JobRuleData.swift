package import FlotillaStorage

/// What belongs to jobs with rules: batches, and the messages of jobs that wait, whose bodies are the jobs' own payloads.
package enum JobRuleData {
    package static func batches(_ pool: PostgresPool) -> RedactedTable {
        RedactedTable(
            name: "batches of jobs",
            table: "job_batches",
            key: ("id", "text"),
            columns: [.init("name", .text), .init("created_by", .caller), .init("correlation_id", .text)],
            event: nil,
            whenOwn: "name = NULL",
            pool: pool
        )
    }

    /// A job that is about the person alone is cancelled, and its message is not published any more.
    package static func messages(_ pool: PostgresPool) -> RedactedTable {
        RedactedTable(
            name: "messages of jobs that wait",
            table: "held_messages",
            key: ("job_id", "text"),
            columns: [.init("headers", .json), .init("properties", .json)],
            event: "routing_key",
            whenOwn: nil,
            pool: pool
        )
    }
}
