package import FlotillaStorage

/// Messages that wait to be published. One that is about the person alone is not published any more.
package enum OutboxData {
    package static func store(_ pool: PostgresPool) -> RedactedTable {
        RedactedTable(
            name: "messages to publish",
            table: "outbox",
            key: ("id", "bigint"),
            columns: [
                .init("body", .bytes), .init("headers", .json), .init("properties", .json), .init("last_error", .text),
            ],
            event: "routing_key",
            whenOwn: nil,
            pool: pool
        )
    }
}
