package import FlotillaPersonalData
package import FlotillaStorage

/// Scans. Ids of guests and operators stay; what a place or a repeated request says of a person is removed.
package enum ScanData {
    package static func stores(_ pool: PostgresPool) -> [any PersonalDataStore] {
        [
            RedactedTable(
                name: "scans",
                table: "ticket_scans",
                key: ("id", "text"),
                columns: [
                    .init("answer", .json), .init("location", .text), .init("idempotency_key", .unique),
                    .init("correlation_id", .text), .init("created_by", .caller),
                ],
                event: nil,
                whenOwn: "",
                hasIdempotencyKeys: true,
                pool: pool
            ),
            RedactedTable(
                name: "admissions",
                table: "ticket_admissions",
                key: ("ticket_id", "text"),
                columns: [
                    .init("first_location", .text), .init("last_location", .text), .init("previous_location", .text),
                ],
                event: nil,
                whenOwn: "",
                pool: pool
            ),
        ]
    }
}
