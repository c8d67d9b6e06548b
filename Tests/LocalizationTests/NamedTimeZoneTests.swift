@testable import FlotillaLocalization
import FlotillaModels
import Testing

struct NamedTimeZoneTests {
    /// What clocks show, the zone, and which moment that is.
    @Test(arguments: [
        ("2026-06-15T09:00:00", "Europe/Paris", "2026-06-15T07:00:00Z"),
        ("2026-01-15T09:00:00", "Europe/Paris", "2026-01-15T08:00:00Z"),
        ("2026-06-15T09:00:00.000001", "UTC", "2026-06-15T09:00:00.000001Z"),
        ("2026-06-15 00:30:00", "Pacific/Kiritimati", "2026-06-14T10:30:00Z"),
        ("2026-06-15T09:00:00", "America/New_York", "2026-06-15T13:00:00Z"),
        ("1965-06-15T09:00:00", "Asia/Tokyo", "1965-06-15T00:00:00Z"),
        ("2060-07-01T09:00:00", "Europe/Paris", "2060-07-01T07:00:00Z"),
        // Around the change, on both sides of it.
        ("2026-03-29T01:59:59", "Europe/Paris", "2026-03-29T00:59:59Z"),
        ("2026-03-29T03:00:00", "Europe/Paris", "2026-03-29T01:00:00Z"),
        ("2026-10-25T01:59:59", "Europe/Paris", "2026-10-24T23:59:59Z"),
        ("2026-10-25T03:00:00", "Europe/Paris", "2026-10-25T02:00:00Z"),
        // Skipped: the moment at which clocks are set forward.
        ("2026-03-29T02:00:00", "Europe/Paris", "2026-03-29T01:00:00Z"),
        ("2026-03-29T02:30:00", "Europe/Paris", "2026-03-29T01:00:00Z"),
        ("2026-03-08T02:30:00", "America/New_York", "2026-03-08T07:00:00Z"),
        ("2026-10-04T02:15:00", "Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("2011-12-30T12:00:00", "Pacific/Apia", "2011-12-30T10:00:00Z"),
        // Shown twice: the first of the two.
        ("2026-10-25T02:30:00", "Europe/Paris", "2026-10-25T00:30:00Z"),
        ("2026-11-01T01:30:00", "America/New_York", "2026-11-01T05:30:00Z"),
    ])
    func `a time on the wall is one moment`(_ written: String, _ name: String, _ moment: String) throws {
        let zone = try #require(NamedTimeZone.named(name))
        let time = try #require(WrittenTime(written))
        #expect(time.moment(in: zone) == EventTime.parse(moment))
        #expect(time.isLocal)
    }

    @Test func `what clocks show over a year leads back to it`() throws {
        let hour: Int64 = 3_600_000_000
        for name in ["Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Pacific/Auckland", "Africa/Casablanca"] {
            let zone = try #require(NamedTimeZone.named(name))
            let start = try #require(EventTime.parse("2026-01-01T00:00:00Z"))
            for step in stride(from: 0, to: 2 * 24 * 365, by: 5) {
                let moment = start + Int64(step) * hour / 2
                let shown = try #require(zone.local(at: moment))
                let text = [shown.month, shown.day, shown.hour, shown.minute].map { $0 < 10 ? "0\($0)" : "\($0)" }
                let written = "\(shown.year)-\(text[0])-\(text[1])T\(text[2]):\(text[3])"
                let read = try #require(WrittenTime(written)).moment(in: zone)
                // Where clocks show it twice, the first.
                #expect(read == moment || (zone.local(at: read) == shown && read < moment), "\(name) \(written)")
            }
        }
    }
}
