import FlotillaLocalization
import FlotillaModels
import FlotillaTicketDocuments
@testable import FlotillaTickets
import Testing

struct TicketTimeTests {
    private func request(_ date: String, _ more: String = "") throws -> TicketJobRequest {
        let body = #"""
            {"event_id": 1, "tickets": [{"ticket_id": 1, "ticket_code": "c", "expires_at": "\#(date)"}],
             "template_data": {"event_title": "T", "event_date": "\#(date)"\#(more)}}
            """#
        return try TicketJobRequest(body: Array(body.utf8))
    }

    private func configuration(_ zone: String) -> TicketConfiguration {
        var configuration = TicketConfiguration(address: TicketAddress(base: "https://x", isProven: false), threads: 1)
        configuration.timeZone = zone
        return configuration
    }

    /// What the page says, when the ticket ends, and which zone was assumed.
    private func told(_ date: String, _ more: String = "", zone: String = "UTC") throws -> [String?] {
        let request = try request(date, more)
        let configuration = configuration(zone)
        let content = try request.specimen(configuration, template: .standard)
        guard case .ticket(let ticket) = request.entries[0] else { return [] }
        let end = request.expiresAt(ticket, configuration).map { Int64($0) * 1_000_000 }
        return [
            content.time, content.date, end == EventTime.parse("2026-06-15T07:00:00Z") ? "in time" : "at another time",
            request.eventDate(configuration), request.assumedZone(configuration)?.name,
        ]
    }

    @Test func `a time without an offset is shown as it was written, in the zone of the job or of the setting`() throws
    {
        let local = "2026-06-15T09:00:00"
        let day = "Monday 15 June 2026"
        let moment = "2026-06-15T07:00:00.000Z"
        let paris = #", "time_zone": "Europe/Paris""#
        #expect(try told(local, paris) == ["09:00 (Paris)", day, "in time", moment, nil])
        #expect(try told(local, zone: "Europe/Paris") == ["09:00 (Paris)", day, "in time", moment, "Europe/Paris"])
        let utc = ["09:00 (UTC)", day, "at another time", "2026-06-15T09:00:00.000Z", "UTC"]
        #expect(try told(local) == utc)
        let offset = "2026-06-15T09:00:00+02:00"
        #expect(try told(offset, paris) == ["09:00 (Paris)", day, "in time", offset, nil])
        #expect(try told(offset) == ["07:00 (UTC)", day, "in time", offset, nil])
    }

    @Test func `a day alone is the day that was written, wherever it is`() throws {
        let zone = #", "time_zone": "Pacific/Kiritimati""#
        let told = try told("2026-06-15", zone)
        #expect(told[0] == nil && told[1] == "Monday 15 June 2026" && told[3] == "2026-06-15")
    }
}
