package import FlotillaPersonalData
package import FlotillaStorage

/// What operators did: their reasons and filters may name somebody.
package enum OperatorActionData {
    package static func store(_ pool: PostgresPool) -> RedactedTable {
        RedactedTable(
            name: "operator actions",
            table: "operator_actions",
            key: ("id", "bigint"),
            columns: [.init("parameters", .jsonb), .init("reason", .text), .init("error_message", .text)],
            event: nil,
            whenOwn: "",
            pool: pool
        )
    }
}
