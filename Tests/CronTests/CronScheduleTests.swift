@testable import FlotillaCron
import Testing

struct CronScheduleTests {
    /// What is refused, and with which words.
    @Test(arguments: [
        ("", "'' is empty"),
        ("* * * *", "'* * * *' has 4 fields and needs five: minute, hour, day of month, month, day of week"),
        (
            "0 0 * * * *",
            "'0 0 * * * *' has 6 fields and needs five: minute, hour, day of month, month, day of week; seconds and years "
                + "are not supported, see @every"
        ),
        ("60 * * * *", "minute: '60' is out of range, 0 to 59"),
        ("* 24 * * *", "hour: '24' is out of range, 0 to 23"),
        ("* * 0 * *", "day of month: '0' is out of range, 1 to 31"),
        ("* * * 13 *", "month: '13' is out of range, 1 to 12"),
        ("* * * * 8", "day of week: '8' is out of range, 0 to 7"),
        ("x * * * *", "minute: 'x' is no number from 0 to 59"),
        ("* * * foo *", "month: 'foo' is no number from 1 to 12 or a name such as feb"),
        ("* * L * *", "day of month: 'L' is no number from 1 to 31; L, W, # and + are not supported"),
        (
            "* * * * mon#2",
            "day of week: 'mon#2' is no number from 0 to 7 or a name such as mon; L, W, # and + are not supported"
        ),
        ("5,,6 * * * *", "minute: '' is empty between two commas"),
        ("9-5 * * * *", "minute: '9-5' goes backwards; write two ranges between commas"),
        ("* * * * fri-mon", "day of week: 'fri-mon' goes backwards; write two ranges between commas"),
        ("1-2-3 * * * *", "minute: '1-2-3' is no range; write two ends, such as 1-5"),
        ("5/15 * * * *", "minute: '5/15' has a step without a range; write 5-59/15"),
        ("*/0 * * * *", "minute: '*/0' has a step that is no whole number above 0"),
        ("*/90 * * * *", "minute: '*/90' has a step that leads out of 0 to 59"),
        ("*/5/2 * * * *", "minute: '*/5/2' has more than one step"),
        ("? * * * *", "minute: '?' may stand for a day alone; write * for any"),
        ("-1 * * * *", "minute: '-1' is no number from 0 to 59"),
        ("0 0 30 2 *", "day of month: '30' is no day of the month 2: it never comes"),
        ("0 0 31 4,6,9,11 *", "day of month: '31' is no day of the month 4,6,9,11: it never comes"),
        ("@every 0s", "'@every 0s' needs one duration from 1s to 366d, such as @every 15m"),
        ("@every", "'@every' needs one duration from 1s to 366d, such as @every 15m"),
        (
            "@reboot",
            "'@reboot' is none of @annually, @daily, @hourly, @midnight, @monthly, @weekly, @yearly, @every"
        ),
    ])
    func `a mistake is told with its field and its word`(_ text: String, _ message: String) {
        let error = #expect(throws: CronScheduleError.self) { try CronSchedule(text) }
        #expect(error?.description == message)
    }

    @Test(arguments: [
        "* * * * *", "*/15 0-23/2 1,15 jan-dec/3 MON-Fri", "0 0 29 2 *", "0 12 ? * 7", "0 0 30 2 mon", " 0\t0 1 1 *",
        "@every 15m", "@weekly",
    ])
    func `what cron takes is taken`(_ text: String) throws {
        let schedule = try CronSchedule(text)
        #expect(try CronSchedule(schedule.text) == schedule)
    }

    /// The schedule, after when, and what follows, in UTC.
    @Test(arguments: [
        ("*/20 * * * *", "2026-01-01T00:00:00Z", ["2026-01-01T00:20", "2026-01-01T00:40", "2026-01-01T01:00"]),
        ("0 0 * * *", "2026-02-27T12:00:00Z", ["2026-02-28T00:00", "2026-03-01T00:00"]),
        ("0 0 29 2 *", "2026-01-01T00:00:00Z", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 0 29 2 *", "2096-03-01T00:00:00Z", ["2104-02-29T00:00"]),
        ("0 0 31 * *", "2026-01-31T00:00:00Z", ["2026-03-31T00:00", "2026-05-31T00:00"]),
        ("30 4 1,15 * 5", "2026-01-01T05:00:00Z", ["2026-01-02T04:30", "2026-01-09T04:30", "2026-01-15T04:30"]),
        ("0 0 1 * *", "2026-12-15T00:00:00Z", ["2027-01-01T00:00"]),
        ("0 9 * * mon-fri", "2026-01-02T09:00:00Z", ["2026-01-05T09:00", "2026-01-06T09:00"]),
        ("0 9 * * 7", "2026-01-01T00:00:00Z", ["2026-01-04T09:00"]),
        ("0 9 * * 0", "2026-01-01T00:00:00Z", ["2026-01-04T09:00"]),
        ("0 0 ? * 1", "2026-01-01T00:00:00Z", ["2026-01-05T00:00"]),
        // With a star both are needed, a step notwithstanding.
        ("0 0 */2 * 1", "2026-01-01T00:00:00Z", ["2026-01-05T00:00", "2026-01-19T00:00"]),
        ("0 0 29 2 */6", "2026-01-01T00:00:00Z", ["2032-02-29T00:00", "2048-02-29T00:00"]),
        ("@hourly", "2026-01-01T00:00:00Z", ["2026-01-01T01:00"]),
        ("@daily", "2026-01-01T00:00:00Z", ["2026-01-02T00:00"]),
        ("@weekly", "2026-01-01T00:00:00Z", ["2026-01-04T00:00"]),
        ("@monthly", "2026-01-01T00:00:00Z", ["2026-02-01T00:00"]),
        ("@yearly", "2026-01-01T00:00:00Z", ["2027-01-01T00:00"]),
        ("@every 15m", "2026-01-01T00:07:31Z", ["2026-01-01T00:15", "2026-01-01T00:30"]),
        ("@every 7h", "1969-12-31T23:59:59Z", ["1970-01-01T00:00", "1970-01-01T07:00"]),
    ])
    func `what comes next`(_ text: String, _ after: String, _ expected: [String]) throws {
        #expect(try Instants.upcoming(expected.count, text, after: after, zone: "UTC") == expected)
    }

    @Test func `hours of a year, also of a leap year`() throws {
        let schedule = try CronSchedule("@hourly")
        for (year, days) in [(2_026, 365), (2_028, 366)] {
            for zone in ["UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York"] {
                let start = try Instants.moment("\(year)-01-01T00:00:00Z")
                let end = start + Int64(days) * 86_400_000_000
                var moment = start
                var count = 0
                while let next = schedule.next(after: moment, in: try Instants.zone(zone)), next <= end {
                    #expect(next == moment + 3_600_000_000)
                    (moment, count) = (next, count + 1)
                }
                #expect(count == days * 24, "\(zone) \(year)")
            }
        }
    }

    @Test func `a day's fixed time comes once on every day of a year, in every zone`() throws {
        let schedule = try CronSchedule("30 2 * * *")
        for zone in [
            "UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns",
        ] {
            let start = try Instants.moment("2026-01-01T12:00:00Z")
            let found = schedule.upcoming(365, after: start, in: try Instants.zone(zone))
            #expect(found.count == 365 && found.last.map { $0 <= start + 365 * 86_400_000_000 } == true, "\(zone)")
            #expect(Set(found.map { try? Instants.zone(zone).written($0).prefix(10) }).count == 365, "\(zone)")
        }
    }
}
