import FlotillaModels

/// The five fields of a cron expression, on a calendar without a time zone.
struct CronCalendar: Sendable, Hashable {
    let minutes: CronFieldSet
    let hours: CronFieldSet
    private let days: CronFieldSet
    private let months: CronFieldSet
    private let weekdays: CronFieldSet

    private static let minutesOfDay: Int64 = 1_440
    private static let microsecondsOfDay: Int64 = 86_400_000_000
    /// How far it looks: 29 February and a day of the week meet every 40 years at the latest.
    private static let furthestYears = 50

    /// - Throws: for the first mistake; also for days that no calendar has, such as 30 February.
    init(_ words: [Substring]) throws(CronScheduleError) {
        minutes = try CronFieldSet(words[0], .minute)
        hours = try CronFieldSet(words[1], .hour)
        days = try CronFieldSet(words[2], .dayOfMonth)
        months = try CronFieldSet(words[3], .month)
        weekdays = try CronFieldSet(words[4], .dayOfWeek)
        guard !weekdays.isWildcard || hasDay else {
            throw CronScheduleError(.dayOfMonth, words[2], "is no day of the month \(words[3]): it never comes")
        }
    }

    /// The first minute that fits and is not before another.
    ///
    /// - Parameter local: minutes since 1970 as clocks show them.
    func next(from local: Int64) -> Int64? {
        var day = local.flooredQuotient(by: Self.minutesOfDay)
        var minute = Int(local - day * Self.minutesOfDay)
        var month = CalendarMonth(containing: day * Self.microsecondsOfDay)
        let lastYear = month.year + Self.furthestYears
        while month.year <= lastYear {
            let first = month.start / Self.microsecondsOfDay
            let end = first + Int64(month.dayCount)
            if months.contains(month.month) {
                while day < end {
                    if hasDay(Int(day - first) + 1, weekday: Self.weekday(of: day)), let time = time(from: minute) {
                        return day * Self.minutesOfDay + Int64(time)
                    }
                    (day, minute) = (day + 1, 0)
                }
            }
            (month, day, minute) = (month.next, end, 0)
        }
        return nil
    }

    /// The minute of the day.
    private func time(from minute: Int) -> Int? {
        let hour = minute / 60
        if hours.contains(hour), let found = minutes.first(from: minute % 60) { return hour * 60 + found }
        guard let later = hours.first(from: hour + 1), let first = minutes.first() else { return nil }
        return later * 60 + first
    }

    /// Cron's rule: where both fields are restricted, one of them is enough.
    private func hasDay(_ day: Int, weekday: Int) -> Bool {
        let (isDay, isWeekday) = (days.contains(day), weekdays.contains(weekday))
        return days.isWildcard || weekdays.isWildcard ? isDay && isWeekday : isDay || isWeekday
    }

    /// Whether a month of them is ever long enough for a day of them.
    private var hasDay: Bool {
        guard let least = days.first() else { return false }
        return (1...12).contains { months.contains($0) && CalendarMonth(year: 2_000, month: $0).dayCount >= least }
    }

    /// 0 is Sunday; 1 January 1970 was a Thursday.
    private static func weekday(of day: Int64) -> Int { Int(((day + 4) % 7 + 7) % 7) }
}

extension Int64 {
    /// The quotient rounded down, for negative numbers too.
    func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
