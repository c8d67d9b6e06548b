package import FlotillaLocalization
import FlotillaPlatform

extension NamedTimeZone {
    /// What clocks show, and how far they are ahead of UTC: `2026-03-29 03:00:00 +02:00`.
    ///
    /// - Parameter moment: microseconds since 1970.
    package func written(_ moment: Int64) -> String {
        let offset = offset(at: moment)
        let shown = WallClock.iso8601(moment + offset).prefix(19).map { $0 == "T" ? " " : String($0) }.joined()
        let minutes = abs(offset) / 60_000_000
        func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : String(number) }
        return "\(shown) \(offset < 0 ? "-" : "+")\(twoDigits(minutes / 60)):\(twoDigits(minutes % 60))"
    }
}
