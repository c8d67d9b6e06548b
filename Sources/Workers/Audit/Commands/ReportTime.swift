import FlotillaCommandLineKit
import FlotillaModels
import FlotillaPlatform

/// A point in time as a person writes it; UTC without an offset, as all that commands print.
struct ReportTime: TextValue {
    let microseconds: Int64

    init?(text: String) {
        if let time = WrittenTime(text)?.microseconds {
            microseconds = time
        } else if let age = Duration(text: text) {
            microseconds = WallClock.microseconds() - age.components.seconds * 1_000_000
        } else {
            return nil
        }
    }

    static var expectation: String { "a time (2026-01-31, 2026-01-31T09:30:00Z) or an age (30d, 12h)" }
    var text: String { WallClock.iso8601(microseconds) }
}
