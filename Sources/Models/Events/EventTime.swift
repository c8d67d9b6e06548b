/// When something happened, in microseconds since 1970, read from the many forms in which events carry it.
public enum EventTime {
    /// The years 1 to 9999. A time outside is noise, and is treated as if there were none.
    public static let plausible: Range<Int64> = -62_135_596_800_000_000..<253_402_300_800_000_000

    /// Reads ISO 8601: a date, or date and time with an optional fraction and offset. Without an offset it is what the
    /// clocks of the process's ``AssumedZone`` show: UTC, unless the program says otherwise.
    public static func parse(_ text: some Collection<UInt8>) -> Int64? {
        WrittenTime(text)?.moment(in: AssumedZone.current)
    }

    public static func parse(_ text: String) -> Int64? { parse(text.utf8) }

    /// Takes a number for seconds since 1970, or for milliseconds when it is too great for seconds (from 10^11 on).
    public static func since1970(_ number: Double) -> Int64? {
        guard number.isFinite else { return nil }
        let microseconds = number * (abs(number) < 1e11 ? 1e6 : 1e3)
        guard abs(microseconds) < 9e18 else { return nil }
        return checked(Int64(microseconds))
    }

    /// How far ahead of ours a publisher's clock may be.
    private static let clockDifference: Int64 = 86_400_000_000

    /// The time by which an event is put in order with others.
    ///
    /// What lies more than a day ahead of the receipt comes from a clock gone wrong, or from somebody who wants to win
    /// against every later event for ever: it counts as the receipt. So does no time, and one that is not plausible.
    package static func credible(_ time: Int64?, receivedAt: Int64) -> Int64 {
        guard let time, plausible.contains(time), time <= receivedAt + clockDifference else { return receivedAt }
        return time
    }

    static func checked(_ time: Int64) -> Int64? { plausible.contains(time) ? time : nil }
}
