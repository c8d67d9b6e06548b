import FlotillaModels

/// When something runs again and again: five fields as cron has them, one of their short forms, or `@every` and a duration.
///
/// Minute, hour, day of the month, month, day of the week. A field is `*`, or numbers, names (`jan`, `mon`), ranges and steps
/// between commas: `*/15`, `9-17`, `1-31/2`. Where neither field of days begins with `*`, one of them is enough.
package struct CronSchedule: Sendable, Hashable {
    enum Rule: Sendable, Hashable {
        case calendar(CronCalendar)
        /// Whole periods since 1970, so that everybody comes to the same instants.
        case every(Duration)
    }

    /// As it was written, with single blanks.
    package let text: String
    let rule: Rule

    /// The shortest and the longest that `@every` takes.
    package static let periods: ClosedRange<Duration> = .seconds(1)...(.seconds(366 * 86_400))

    private static let shortForms = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]

    /// - Throws: for the first mistake, with its field and its word.
    package init(_ expression: String) throws(CronScheduleError) {
        let words = expression.split { $0 == " " || $0 == "\t" }
        text = words.joined(separator: " ")
        guard let first = words.first else { throw CronScheduleError(expression, "is empty") }
        if first == "@every" {
            guard words.count == 2, let period = Duration(text: String(words[1])), Self.periods.contains(period) else {
                throw CronScheduleError(
                    text,
                    "needs one duration from \(Self.periods.lowerBound.text) to \(Self.periods.upperBound.text), "
                        + "such as @every 15m"
                )
            }
            rule = .every(period)
        } else if first.hasPrefix("@") {
            guard words.count == 1, let fields = Self.shortForms[String(first)] else {
                throw CronScheduleError(
                    text,
                    "is none of \(Self.shortForms.keys.sorted().joined(separator: ", ")), @every"
                )
            }
            rule = .calendar(try CronCalendar(fields.split(separator: " ")))
        } else {
            guard words.count == 5 else {
                let hint = words.count == 6 ? "; seconds and years are not supported, see @every" : ""
                throw CronScheduleError(
                    text,
                    "has \(words.count) fields and needs five: minute, hour, day of month, month, day of week\(hint)"
                )
            }
            rule = .calendar(try CronCalendar(words))
        }
    }
}
