import FlotillaCommandLineKit
import FlotillaModels
import FlotillaPlatform

/// A time in the past: how long ago, or ISO 8601; UTC without an offset, as all that commands print.
package struct Instant: TextValue {
    /// Since 1970.
    package let microseconds: Int64
    package let text: String

    package init?(text: String) {
        if let ago = Duration(text: text) {
            microseconds = WallClock.microseconds() - ago.milliseconds * 1_000
        } else if let time = WrittenTime(text)?.microseconds {
            microseconds = time
        } else {
            return nil
        }
        self.text = text
    }

    package static var expectation: String { "a time such as 30m, 2h, 2026-01-30 or 2026-01-30T03:00:00Z" }
}
