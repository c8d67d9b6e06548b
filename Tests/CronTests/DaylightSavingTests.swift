@testable import FlotillaCron
import FlotillaLocalization
import Testing

struct DaylightSavingTests {
    /// The schedule, its zone, the evening before the change, and the instants that follow, in UTC.
    @Test(arguments: [
        // Berlin, 29 March 2026: 02:00 to 03:00 is skipped, at 01:00 UTC.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        ("0 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00", "2026-03-30T00:00"]),
        ("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00", "2026-03-30T01:00"]),
        // Both come at its end: one run.
        ("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00", "2026-03-30T00:00"]),
        ("*/15 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00", "2026-03-30T00:00"]),
        (
            "0 * * * *", "Europe/Berlin", "2026-03-28T23:30:00Z",
            ["2026-03-29T00:00", "2026-03-29T01:00", "2026-03-29T02:00"]
        ),
        (
            "30 * * * *", "Europe/Berlin", "2026-03-28T23:30:00Z",
            ["2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"]
        ),
        (
            "*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z",
            ["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30"]
        ),
        // 02:00 does not come, and the hours go on with 04:00.
        ("0 */2 * * *", "Europe/Berlin", "2026-03-28T22:00:00Z", ["2026-03-28T23:00", "2026-03-29T02:00"]),
        // Berlin, 25 October 2026: 02:00 to 03:00 twice, from 00:00 and from 01:00 UTC.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("0 3 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", ["2026-10-25T02:00", "2026-10-26T02:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", ["2026-10-26T01:30"]),
        (
            "*/30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
            ["2026-10-25T00:00", "2026-10-25T00:30", "2026-10-26T01:00"]
        ),
        (
            "0 * * * *", "Europe/Berlin", "2026-10-24T23:00:00Z",
            ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00", "2026-10-25T03:00"]
        ),
        (
            "30 * * * *", "Europe/Berlin", "2026-10-24T23:00:00Z",
            ["2026-10-24T23:30", "2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"]
        ),
        (
            "0 */2 * * *", "Europe/Berlin", "2026-10-24T23:00:00Z",
            ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T03:00"]
        ),
        // New York, 8 March 2026: 02:00 to 03:00 is skipped, at 07:00 UTC.
        ("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", ["2026-03-08T07:00", "2026-03-09T06:30"]),
        ("0 * * * *", "America/New_York", "2026-03-08T05:30:00Z", ["2026-03-08T06:00", "2026-03-08T07:00"]),
        // New York, 1 November 2026: 01:00 to 02:00 twice, from 05:00 and from 06:00 UTC.
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", ["2026-11-01T05:30", "2026-11-02T06:30"]),
        (
            "30 * * * *", "America/New_York", "2026-11-01T05:00:00Z",
            ["2026-11-01T05:30", "2026-11-01T06:30", "2026-11-01T07:30"]
        ),
        // Lord Howe, half an hour: 4 October 2026, 02:00 to 02:30 is skipped, at 15:30 UTC the day before.
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", ["2026-10-03T15:30", "2026-10-04T15:15"]),
        ("30 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", ["2026-10-03T15:30", "2026-10-04T15:30"]),
        (
            "*/15 * * * *", "Australia/Lord_Howe", "2026-10-03T15:00:00Z",
            ["2026-10-03T15:15", "2026-10-03T15:30", "2026-10-03T15:45"]
        ),
        // 5 April 2026, 01:30 to 02:00 twice, from 14:30 and from 15:00 UTC the day before.
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", ["2026-04-04T14:45", "2026-04-05T15:15"]),
        (
            "45 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z",
            ["2026-04-04T14:45", "2026-04-04T15:15", "2026-04-04T16:15"]
        ),
        // No changes.
        ("30 2 * * *", "Asia/Tokyo", "2026-03-28T12:00:00Z", ["2026-03-28T17:30", "2026-03-29T17:30"]),
        ("30 2 * * *", "UTC", "2026-03-28T12:00:00Z", ["2026-03-29T02:30", "2026-03-30T02:30"]),
        // Real time: no change of clocks moves it.
        ("@every 12h", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T00:00", "2026-03-29T12:00"]),
    ])
    func `around a change of clocks`(_ text: String, _ zone: String, _ after: String, _ expected: [String]) throws {
        #expect(try Instants.upcoming(expected.count, text, after: after, zone: zone) == expected)
    }

    /// The same found in another way: minute by minute, with the clocks read at each.
    @Test(arguments: [
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
    ])
    func `with a wildcard hour it comes at every minute whose time fits, and at no other`(_ name: String) throws {
        let zone = try Instants.zone(name)
        let start = try Instants.moment("2026-01-01T00:00:00Z")
        let end = start + 366 * 86_400_000_000
        for (text, minutes, hours) in [("*/20 * * * *", 20, 1), ("15-59/30 */3 * * *", 30, 3)] {
            let remainder = text.hasPrefix("15") ? 15 : 0
            let schedule = try CronSchedule(text)
            let expected = stride(from: start + 60_000_000, through: end, by: 60_000_000).filter { moment in
                let shown = (moment + zone.offset(at: moment)) / 60_000_000
                return Int(shown % 60) % minutes == remainder && Int(shown / 60 % 24) % hours == 0
            }
            var found: [Int64] = []
            while let next = schedule.next(after: found.last ?? start, in: zone), next <= end { found.append(next) }
            #expect(found == expected, "\(text)")
        }
    }

    @Test func `whatever the moment that is asked for, the next is the first after it`() throws {
        let zone = try Instants.zone("Europe/Berlin")
        for text in ["30 2 * * *", "30 * * * *", "*/10 */2 * * *", "*/20 2 * * *"] {
            let schedule = try CronSchedule(text)
            for day in ["2026-03-28", "2026-10-24"] {
                let start = try Instants.moment("\(day)T22:00:00Z")
                let all = schedule.upcoming(400, after: start, in: zone)
                for step in 0..<500 {
                    let moment = start + Int64(step) * 37_000_000
                    #expect(schedule.next(after: moment, in: zone) == all.first { $0 > moment }, "\(text) \(step)")
                }
            }
        }
    }

    @Test func `it is written as clocks show it`() throws {
        let moment = try Instants.moment("2026-03-29T01:00:00Z")
        #expect(try Instants.zone("Europe/Berlin").written(moment) == "2026-03-29 03:00:00 +02:00")
        #expect(try Instants.zone("America/St_Johns").written(moment) == "2026-03-28 22:30:00 -02:30")
        #expect(try Instants.zone("UTC").written(moment) == "2026-03-29 01:00:00 +00:00")
    }
}
