extension MessageLocale {
    /// “Tuesday 24 November 2026”.
    package func date(_ time: LocalTime) -> String {
        let (weekday, month) = (weekdays[time.weekday - 1], months[time.month - 1])
        let day = self == .french && time.day == 1 ? "1er" : String(time.day)
        return "\(weekday) \(day) \(month) \(time.year)"
    }

    /// “09:30”.
    package func time(_ time: LocalTime) -> String { "\(twoDigits(time.hour)):\(twoDigits(time.minute))" }

    /// “Tuesday 24 November 2026, 09:30 (Paris)”.
    ///
    /// - Parameter zone: Where the clock hangs.
    package func datetime(_ time: LocalTime, zone: String) -> String {
        let separator = self == .french ? " à " : ", "
        return "\(date(time))\(separator)\(self.time(time)) (\(zone))"
    }

    private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

    private var weekdays: [String] {
        switch self {
        case .english: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        case .french: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
        }
    }

    private var months: [String] {
        switch self {
        case .english:
            [
                "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                "November", "December",
            ]
        case .french:
            [
                "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
                "novembre", "décembre",
            ]
        }
    }
}
