/// When something happened, in microseconds since 1970, read from the many forms in which events carry it.
public enum EventTime {
    /// The years 1 to 9999. A time outside is noise, and is treated as if there were none.
    public static let plausible: Range<Int64> = -62_135_596_800_000_000..<253_402_300_800_000_000

    /// Reads ISO 8601: a date, or date and time with an optional fraction and offset. Without an offset it is UTC.
    public static func parse(_ text: some Collection<UInt8>) -> Int64? {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 4), reader.skip(UInt8(ascii: "-")),
            let month = reader.number(digits: 2), (1...12).contains(month), reader.skip(UInt8(ascii: "-")),
            let day = reader.number(digits: 2),
            (1...CalendarMonth(year: year, month: month).dayCount).contains(day)
        else { return nil }
        var seconds = CalendarMonth(year: year, month: month).firstDay + day - 1
        seconds *= 86_400
        var fraction = 0
        if !reader.isAtEnd {
            guard reader.skip(UInt8(ascii: "T")) || reader.skip(UInt8(ascii: "t")) || reader.skip(UInt8(ascii: " ")),
                let hour = reader.number(digits: 2), hour < 24, reader.skip(UInt8(ascii: ":")),
                let minute = reader.number(digits: 2), minute < 60
            else { return nil }
            seconds += hour * 3_600 + minute * 60
            if reader.skip(UInt8(ascii: ":")) {
                // 60 is a leap second, counted into the next minute.
                guard let second = reader.number(digits: 2), second <= 60 else { return nil }
                seconds += second
                if reader.skip(UInt8(ascii: ".")) || reader.skip(UInt8(ascii: ",")) {
                    guard let digits = reader.fraction() else { return nil }
                    fraction = digits
                }
            }
            guard let offset = reader.offset() else { return nil }
            seconds -= offset
        }
        guard reader.isAtEnd else { return nil }
        return checked(Int64(seconds) * 1_000_000 + Int64(fraction))
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

    private static func checked(_ time: Int64) -> Int64? { plausible.contains(time) ? time : nil }
}

private struct DigitReader<Text: Collection> where Text.Element == UInt8 {
    private let text: Text
    private var index: Text.Index

    init(_ text: Text) {
        self.text = text
        index = text.startIndex
    }

    var isAtEnd: Bool { index == text.endIndex }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard !isAtEnd, text[index] == byte else { return false }
        text.formIndex(after: &index)
        return true
    }

    mutating func digit() -> Int? {
        guard !isAtEnd, (0x30...0x39).contains(text[index]) else { return nil }
        defer { text.formIndex(after: &index) }
        return Int(text[index] & 15)
    }

    mutating func number(digits: Int) -> Int? {
        var number = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    /// Microseconds; finer digits are cut off.
    mutating func fraction() -> Int? {
        guard var number = digit() else { return nil }
        var count = 1
        while let digit = digit() {
            if count < 6 { number = number * 10 + digit }
            count += 1
        }
        while count < 6 {
            number *= 10
            count += 1
        }
        return number
    }

    /// Seconds east of UTC; 0 at the end of the text.
    mutating func offset() -> Int? {
        if isAtEnd || skip(UInt8(ascii: "Z")) || skip(UInt8(ascii: "z")) { return 0 }
        let isWest = skip(UInt8(ascii: "-"))
        guard isWest || skip(UInt8(ascii: "+")), let hours = number(digits: 2), hours < 24 else { return nil }
        var offset = hours * 3_600
        if skip(UInt8(ascii: ":")) || !isAtEnd {
            guard let minutes = number(digits: 2), minutes < 60 else { return nil }
            offset += minutes * 60
        }
        return isWest ? -offset : offset
    }
}
