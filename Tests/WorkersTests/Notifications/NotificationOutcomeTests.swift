import Models
import Testing

@testable import Workers

struct NotificationOutcomeTests {
    @Test(arguments: [("456", "456"), ("salon", #""salon""#), ("007", #""007""#), ("+7", #""+7""#)])
    func `the id of an event goes out as a number where it can have been one`(id: String, json: String) throws {
        var outcome = NotificationOutcome(notificationID: "n", channel: .email, template: "t", recipient: "user:1")
        outcome.eventID = id
        let body = try JSONValue(outcome.event.body)
        #expect(body["eventId"]?.json == json)
    }

    @Test func `an id beside another is written as that one is`() {
        #expect(TicketID("1", isNumber: true).alike("31") == TicketID("31", isNumber: true))
        #expect(TicketID("1", isNumber: true).alike("g-31") == TicketID("g-31", isNumber: false))
        #expect(TicketID("t", isNumber: false).alike("31") == TicketID("31", isNumber: false))
    }
}
