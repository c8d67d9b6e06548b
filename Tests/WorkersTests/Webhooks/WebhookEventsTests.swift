import Testing

@testable import Workers

struct WebhookEventsTests {
    @Test func `a pattern that fits nothing that is ever sent is found`() {
        let patterns = ["*", "ticket.*", "ticket.cancelled", "scan.suspected", "webhook.disabled"]
        #expect(WebhookEvents.strangers(among: patterns) == [])
        let strangers = ["nosuch.event", "tick.*", "ticket.complete", "order.*"]
        #expect(WebhookEvents.strangers(among: patterns + strangers) == strangers)
    }
}
