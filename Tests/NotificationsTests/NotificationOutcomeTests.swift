@testable import FlotillaModels
@testable import FlotillaNotifications
@testable import Workers
import Testing

struct NotificationOutcomeTests {
    @Test(arguments: [("456", "456"), ("salon", #""salon""#), ("007", #""007""#), ("+7", #""+7""#)])
    func `the id of an event goes out as a number where it can have been one`(id: String, json: String) throws {
        var outcome = NotificationOutcome(notificationID: "n", channel: .email, template: "t", recipient: "user:1")
        outcome.eventID = id
        let body = try JSONValue(outcome.event.body)
        #expect(body["eventId"]?.json == json)
    }

    @Test func `an id beside another is written as that one is`() {
        #expect(ExternalID("1", isNumber: true).alike("31") == ExternalID("31", isNumber: true))
        #expect(ExternalID("1", isNumber: true).alike("g-31") == ExternalID("g-31", isNumber: false))
        #expect(ExternalID("t", isNumber: false).alike("31") == ExternalID("31", isNumber: false))
    }
}
