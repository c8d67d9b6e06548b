package import FlotillaStorage

/// The fleet's own tables as places of personal data.
package enum FleetTables {
    package static func stores(_ pool: PostgresPool) -> [any PersonalDataStore] {
        [
            JobData.store(pool), JobRuleData.batches(pool), JobRuleData.messages(pool), OutboxData.store(pool),
            InboxData(pool),
            IdempotencyKeyData(pool),
        ]
    }

    /// Tables that hold nothing about people but ids and names of operators.
    package static let impersonal: Set<String> = [
        "schema_migrations", "api_keys", "crash_notes", "queue_marks", "queue_gaps", "event_requests",
        "job_dependencies", "job_ends", "job_turns",
    ]
}
