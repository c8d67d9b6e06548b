import FlotillaPersonalData
import FlotillaStorage

/// Cron entries: payloads and notes may name somebody.
enum CronEntryData {
    static func store(_ pool: PostgresPool) -> RedactedTable {
        RedactedTable(
            name: "cron entries",
            table: "cron_entries",
            key: ("name", "text"),
            columns: [.init("payload", .bytes), .init("note", .text), .init("paused_by", .caller)],
            event: nil,
            whenOwn: "",
            pool: pool
        )
    }
}
