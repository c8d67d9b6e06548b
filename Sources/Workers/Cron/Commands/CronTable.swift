import FlotillaCommandLineKit
import FlotillaModels
import FlotillaPlatform

/// Cron entries for a terminal.
enum CronTable {
    /// One line for each, of up to 80 columns.
    static func list(_ records: [CronRecord]) -> Table {
        Table(
            ["name", "schedule", "next", "next, UTC", "state"],
            records.map { record in
                let isPaused = record.pause != nil
                return [
                    .init(record.name), .init(record.schedule),
                    .init(isPaused ? "–" : record.writtenNext.map { String($0.prefix(16)) } ?? "–"),
                    .init(isPaused ? "–" : record.nextAt.map { minute($0) } ?? "–"), state(of: record),
                ]
            }
        )
    }

    static func details(_ record: CronRecord, _ upcoming: [Int64]) -> Table {
        let zone = try? record.entry().zone
        let next = upcoming.map { "\(zone?.written($0) ?? ""), \(WallClock.iso8601($0).prefix(19))Z" }
        var rows: [(String, String?)] = [
            ("name", record.name), ("type", record.type), ("schedule", record.schedule), ("zone", record.zone),
            ("state", record.pause == nil ? "active" : "paused"),
            ("paused", record.pause.map { "\(WallClock.iso8601($0.at)) by \($0.by)" }), ("note", record.pause?.note),
        ]
        rows += next.enumerated().map { ($0 == 0 ? "next" : "", $1) }
        rows += [
            ("last run for", record.lastNominalAt.map { WallClock.iso8601($0) }), ("last job", record.lastJobID),
            ("missed", String(record.missed)), ("skipped", String(record.skipped)),
            ("overlap", record.overlap.rawValue), ("catch-up", record.catchUp.text), ("jitter", record.jitter.text),
            ("pause on failure", record.pauseOnFailure ? "yes" : "no"), ("priority", record.priority.rawValue),
            ("attempts", record.maxAttempts.map { String($0) }), ("expires after", record.expiresAfter?.text),
            ("from", record.source == .file ? "queues.yaml" : "the API"),
            ("payload", String(decoding: record.payload.prefix(2_000), as: UTF8.self)),
        ]
        return Table(["field", "value"], rows.compactMap { name, value in value.map { [name, $0] } })
    }

    private static func state(of record: CronRecord) -> Table.Cell {
        let missed = record.missed > 0 ? "\(record.missed) missed" : nil
        guard record.pause != nil else { return .init(missed ?? "active", missed == nil ? nil : .red) }
        return .init(["paused", missed].compactMap { $0 }.joined(separator: ", "), .yellow)
    }

    /// `2026-03-29 01:00`.
    private static func minute(_ moment: Int64) -> String {
        WallClock.iso8601(moment).prefix(16).map { $0 == "T" ? " " : String($0) }.joined()
    }
}
