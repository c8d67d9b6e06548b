/// A time as a message writes it: a moment, or what a clock on the wall shows somewhere.
package struct WrittenTime: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// With an offset, or as a number.
        case moment
        /// Without an offset.
        case local
        /// A date alone: its first moment.
        case day
    }

    package let kind: Kind
    /// Since 1970; for a local time and a day as if the clock showed UTC.
    package let microseconds: Int64

    private init(_ kind: Kind, _ microseconds: Int64) { (self.kind, self.microseconds) = (kind, microseconds) }

    /// - Parameter moment: microseconds since 1970.
    package init(moment: Int64) { self.init(.moment, moment) }

    /// Whether it takes a time zone to say which moment is meant.
    package var isLocal: Bool { kind != .moment }

    /// - Returns: microseconds since 1970.
    package func moment(in zone: any LocalTimeZone) -> Int64 {
        isLocal ? zone.moment(local: microseconds) : microseconds
    }

    /// Reads ISO 8601: a date, or date and time with an optional fraction and offset.
    package init?(_ text: some Collection<UInt8>) {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 4), reader.skip(UInt8(ascii: "-")),
            let month = reader.number(digits: 2), (1...12).contains(month), reader.skip(UInt8(ascii: "-")),
            let day = reader.number(digits: 2),
            (1...CalendarMonth(year: year, month: month).dayCount).contains(day)
        else { return nil }
        var seconds = CalendarMonth(year: year, month: month).firstDay + day - 1
        seconds *= 86_400
        var fraction = 0
        var kind = Kind.day
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
            kind = reader.isAtEnd ? .local : .moment
            guard let offset = reader.offset() else { return nil }
            seconds -= offset
        }
        guard reader.isAtEnd, let time = EventTime.checked(Int64(seconds) * 1_000_000 + Int64(fraction)) else {
            return nil
        }
        self.init(kind, time)
    }

    package init?(_ text: String) { self.init(text.utf8) }
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
