import FoundationEssentials
import Glibc

/// The time of day: the database's as far as it was measured, so that a machine whose clock is wrong decides nothing.
///
/// Durations are measured with a monotonic clock instead.
package enum WallClock {
    /// Microseconds since 1970.
    package static func microseconds() -> Int64 { ReferenceClock.process.microseconds() }

    /// Microseconds since 1970 by this machine's clock, right or wrong.
    package static func machine() -> Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }

    /// ISO 8601 in UTC, with milliseconds.
    package static func iso8601(_ microseconds: Int64 = microseconds()) -> String {
        Date(timeIntervalSince1970: Double(microseconds) / 1e6)
            .ISO8601Format(.init(includingFractionalSeconds: true))
    }
}
