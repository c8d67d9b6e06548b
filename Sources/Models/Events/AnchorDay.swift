/// The day of the month on which something falls again and again: the 31st, and the last day of the months that have none.
///
/// Whoever adds months to a date has to know it: from the date alone, 31 January becomes 28 February, and that
/// 28 March for ever after.
package struct AnchorDay: Sendable, Hashable {
    /// 1 to 31.
    package let day: Int

    package init?(_ day: Int) {
        guard (1...31).contains(day) else { return nil }
        self.day = day
    }

    /// That of a moment, in UTC.
    ///
    /// - Parameter microseconds: since 1970.
    package init(of microseconds: Int64) { day = CalendarMonth(containing: microseconds).day(of: microseconds) }

    /// Whether the moment lies on this day, or on the last of a month that is too short for it.
    package func falls(on microseconds: Int64) -> Bool {
        let month = CalendarMonth(containing: microseconds)
        return month.day(of: microseconds) == min(day, month.dayCount)
    }

    /// This day some months later, at the same time of day.
    package func adding(_ months: Int, to microseconds: Int64) -> Int64 {
        let from = CalendarMonth(containing: microseconds)
        let to = from.adding(months)
        let timeOfDay = (microseconds - from.start) % 86_400_000_000
        return to.start + Int64(min(day, to.dayCount) - 1) * 86_400_000_000 + timeOfDay
    }
}

extension CalendarMonth {
    /// 1 to 31, of a moment within it.
    fileprivate func day(of microseconds: Int64) -> Int { Int((microseconds - start) / 86_400_000_000) + 1 }
}
