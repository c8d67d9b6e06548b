@testable import FlotillaCron
import FlotillaLocalization
import FlotillaModels
import FlotillaPlatform
import Testing

/// Instants as tests write them.
enum Instants {
    static func moment(_ text: String) throws -> Int64 { try #require(EventTime.parse(text)) }

    static func zone(_ name: String) throws -> NamedTimeZone { try #require(NamedTimeZone.named(name)) }

    /// In UTC, to the minute.
    static func upcoming(_ count: Int, _ schedule: String, after: String, zone: String) throws -> [String] {
        try CronSchedule(schedule).upcoming(count, after: try moment(after), in: try self.zone(zone)).map {
            String(WallClock.iso8601($0).prefix(16))
        }
    }
}
