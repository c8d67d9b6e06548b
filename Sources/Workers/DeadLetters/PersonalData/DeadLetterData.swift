package import FlotillaPersonalData
package import FlotillaStorage

/// Dead letters. One that is about the person alone is purged, since it can't be handled any more.
package enum DeadLetterData {
    package static func store(_ pool: PostgresPool) -> RedactedTable {
        RedactedTable(
            name: "dead letters",
            table: "dead_letters",
            key: ("id", "bigint"),
            columns: [
                .init("body", .bytes), .init("headers", .json), .init("properties", .json),
                .init("error_message", .text),
                .init("message_id", .text), .init("correlation_id", .text), .init("filing_key", .unique),
            ],
            event: "event",
            whenOwn: "state = 'purged', changed_at = now(), is_edited = true",
            pool: pool
        )
    }
}
