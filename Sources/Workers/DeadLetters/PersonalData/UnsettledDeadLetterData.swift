package import FlotillaPersonalData
package import FlotillaStorage

/// Dead letters that were refused and wait to be tried again.
package enum UnsettledDeadLetterData {
    package static func store(_ pool: PostgresPool) -> RedactedTable {
        RedactedTable(
            name: "dead letters set aside",
            table: "unsettled_dead_letters",
            key: ("id", "bigint"),
            columns: [
                .init("body", .bytes), .init("headers", .json), .init("properties", .json), .init("problem", .text),
            ],
            event: "routing_key",
            whenOwn: "",
            pool: pool
        )
    }
}
