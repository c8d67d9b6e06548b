package import FlotillaPersonalData
package import FlotillaStorage

/// What webhooks said, and what endpoints answered. A webhook that is about the person alone goes whole, and is not sent
/// any more if it waits.
package enum WebhookData {
    package static func stores(_ pool: PostgresPool) -> [any PersonalDataStore] {
        [
            RedactedTable(
                name: "webhooks",
                table: "webhook_messages",
                key: ("id", "text"),
                columns: [.init("body", .bytes), .init("correlation_id", .text), .init("trace_parent", .text)],
                event: "event",
                whenOwn: nil,
                pool: pool
            ),
            RedactedTable(
                name: "answers to webhooks",
                table: "webhook_attempts",
                key: ("delivery_id || ' ' || number", "text"),
                columns: [.init("answer", .bytes), .init("error", .text)],
                event: nil,
                whenOwn: "",
                pool: pool
            ),
        ]
    }
}
