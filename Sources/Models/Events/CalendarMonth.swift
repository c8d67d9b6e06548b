/// A month of the Gregorian calendar, in UTC.
public struct CalendarMonth: Sendable, Hashable {
    public let year: Int
    /// 1 to 12.
    public let month: Int

    public init(year: Int, month: Int) {
        self.year = year
        self.month = month
    }

    /// - Parameter microseconds: since 1970.
    public init(containing microseconds: Int64) {
        // Days are counted from 1 March of the year 0, so that the leap day ends a year.
        let days = Int(microseconds.flooredQuotient(by: 86_400_000_000)) + 719_468
        let era = days.flooredQuotient(by: 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    public var next: CalendarMonth { adding(1) }

    public func adding(_ months: Int) -> CalendarMonth {
        let total = year * 12 + month - 1 + months
        let year = total.flooredQuotient(by: 12)
        return CalendarMonth(year: year, month: total - year * 12 + 1)
    }

    /// When it begins, in microseconds since 1970.
    public var start: Int64 { Int64(firstDay) * 86_400_000_000 }

    public var dayCount: Int { next.firstDay - firstDay }

    /// Days from 1 January 1970 to its first.
    var firstDay: Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredQuotient(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension FixedWidthInteger {
    /// The quotient rounded down, for negative numbers too.
    fileprivate func flooredQuotient(by divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
