import FlotillaModels
import Foundation
import Testing

struct EventTimeTests {
    @Test(arguments: [
        ("2026-01-30T03:00:00Z", 1_769_742_000_000_000), ("2026-01-30T03:00:00.123456789Z", 1_769_742_000_123_456),
        ("2026-01-30T04:30:00.5+01:30", 1_769_742_000_500_000), ("2026-01-29T22:00:00-0500", 1_769_742_000_000_000),
        ("2026-01-30 03:00", 1_769_742_000_000_000), ("2026-01-30", 1_769_731_200_000_000),
        ("1969-12-31T23:59:59Z", -1_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
    ])
    func `ISO 8601 is read in its usual forms`(text: String, time: Int64) { #expect(EventTime.parse(text) == time) }

    @Test(arguments: [
        "", "now", "2026", "2026-13-01", "2026-02-29", "2026-01-30T25:00:00Z", "2026-01-30T03:00:00.Z",
        "2026-01-30T03:00:00X",
        "0000-01-01T00:00:00Z", "2026-01-30T03:00:00+1", "99999-01-01",
    ])
    func `anything else is no time`(text: String) { #expect(EventTime.parse(text) == nil) }

    @Test func `numbers are seconds, or milliseconds when too great for that`() {
        #expect(EventTime.since1970(1_769_742_000) == 1_769_742_000_000_000)
        #expect(EventTime.since1970(1_769_742_000_250) == 1_769_742_000_250_000)
        #expect(EventTime.since1970(1e300) == nil)
        #expect(EventTime.since1970(.nan) == nil)
        #expect(EventTime.since1970(1e18) == nil)
    }

    @Test func `a time more than a day ahead of the receipt counts as the receipt, and so does none`() throws {
        let receivedAt = try #require(EventTime.parse("2026-01-30T03:00:00Z"))
        func credible(_ text: String) -> Int64 { EventTime.credible(EventTime.parse(text), receivedAt: receivedAt) }
        #expect(credible("9999-01-01T00:00:00Z") == receivedAt && credible("2026-01-31T03:00:01Z") == receivedAt)
        #expect(credible("never") == receivedAt)
        #expect(credible("2026-01-31T03:00:00Z") == receivedAt + 86_400_000_000)
        #expect(credible("1969-07-20T20:17:00Z") < 0)
        for time in [Int64.max, .min] { #expect(EventTime.credible(time, receivedAt: receivedAt) == receivedAt) }
    }

    /// Two hours ahead of UTC, always.
    private struct East: LocalTimeZone {
        var name: String { "Test/East" }
        func moment(local: Int64) -> Int64 { local - 7_200_000_000 }
    }

    @Test func `a time without an offset is read in the assumed zone, and one with an offset as it is`() throws {
        // As Python's isoformat() and str() write them.
        for text in ["2026-01-30T05:00:00.123456", "2026-01-30 05:00:00.123456"] {
            #expect(EventTime.parse(text) == 1_769_749_200_123_456)
            AssumedZone.$ofTask.withValue(East()) { #expect(EventTime.parse(text) == 1_769_742_000_123_456) }
        }
        try AssumedZone.$ofTask.withValue(East()) {
            #expect(EventTime.parse("2026-01-30T03:00:00Z") == 1_769_742_000_000_000)
            #expect(EventTime.parse("2026-01-30T04:00:00+01:00") == 1_769_742_000_000_000)
            #expect(EventTime.parse("2026-01-30") == 1_769_724_000_000_000)
            let fields = try EventFields(Array(#"{"at":"2026-01-30T05:00:00","number":1769742000}"#.utf8))
            #expect(try fields.time("at") == 1_769_742_000_000_000)
            #expect(try fields.time("number") == 1_769_742_000_000_000)
            let body = Array(#"{"specversion":"1.0","type":"t","time":"2026-01-30T05:00:00"}"#.utf8)
            var message = Message(body: body)
            message.properties.contentType = "application/cloudevents+json"
            #expect(try CloudEvent.unwrap(message)?.time == 1_769_742_000_000_000)
        }
        let fields = try EventFields(Array(#"{"at":"2026-01-30T05:00:00"}"#.utf8))
        #expect(try fields.time("at", in: East()) == 1_769_742_000_000_000)
    }

    @Test func `months agree with the calendar for every day of eight centuries`() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for day in stride(from: -140_000, to: 150_000, by: 17) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let parts = calendar.dateComponents([.year, .month], from: date)
            let month = CalendarMonth(containing: Int64(day) * 86_400_000_000)
            guard parts.year == month.year, parts.month == month.month else {
                Issue.record("day \(day) is in \(month)")
                return
            }
            #expect(month.start <= Int64(day) * 86_400_000_000 && Int64(day) * 86_400_000_000 < month.next.start)
        }
    }
}
