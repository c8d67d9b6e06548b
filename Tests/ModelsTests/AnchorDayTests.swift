import FlotillaModels
import Testing

struct AnchorDayTests {
    /// The ends of periods that follow each other, as days.
    private func ends(from text: String, months: Int, count: Int) throws -> [String] {
        var time = try #require(EventTime.parse(text))
        let anchor = AnchorDay(of: time)
        var days: [String] = []
        for _ in 0..<count {
            let next = anchor.adding(months, to: time)
            #expect(anchor.falls(on: next))
            let day: Int64 = 86_400_000_000
            #expect((next - time).isMultiple(of: day))
            time = next
            let month = CalendarMonth(containing: time)
            days.append("\(month.year)-\(month.month)-\((time - month.start) / day + 1)")
        }
        return days
    }

    @Test func `the 31st comes back after the months that have none`() throws {
        let ends = try ends(from: "2026-01-31T10:20:30Z", months: 1, count: 5)
        #expect(ends == ["2026-2-28", "2026-3-31", "2026-4-30", "2026-5-31", "2026-6-30"])
    }

    @Test func `29 February comes back with the leap years`() throws {
        let yearly = try ends(from: "2024-02-29", months: 12, count: 4)
        #expect(yearly == ["2025-2-28", "2026-2-28", "2027-2-28", "2028-2-29"])
        let monthly = try ends(from: "2024-01-30", months: 1, count: 3)
        #expect(monthly == ["2024-2-29", "2024-3-30", "2024-4-30"])
    }

    @Test func `a day that every month has stays as it is, over years and before 1970`() throws {
        #expect(try ends(from: "2026-11-15", months: 3, count: 2) == ["2027-2-15", "2027-5-15"])
        let ends = try ends(from: "1969-11-28T23:00:00Z", months: 1, count: 3)
        #expect(ends == ["1969-12-28", "1970-1-28", "1970-2-28"])
    }

    @Test func `a moment falls on the day, or on the last of a month that is too short`() throws {
        let anchor = try #require(AnchorDay(31))
        func falls(_ text: String) throws -> Bool { anchor.falls(on: try #require(EventTime.parse(text))) }
        #expect(try falls("2026-03-31T23:59:59Z") && falls("2026-02-28") && falls("2024-02-29"))
        #expect(try !falls("2026-03-30") && !falls("2024-02-28"))
        #expect(AnchorDay(0) == nil && AnchorDay(32) == nil)
    }
}
