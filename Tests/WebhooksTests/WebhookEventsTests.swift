@testable import FlotillaWebhooks
import Testing

struct WebhookEventsTests {
    @Test func `a pattern that fits nothing that is ever sent is found`() {
        let events = WebhookEvents(all: ["ticket.cancelled", "ticket.completed", "scan.suspected", "webhook.disabled"])
        let patterns = ["*", "ticket.*", "ticket.cancelled", "scan.suspected", "webhook.disabled"]
        #expect(events.unknownPatterns(among: patterns) == [])
        let unknownPatterns = ["nosuch.event", "tick.*", "ticket.complete", "order.*"]
        #expect(events.unknownPatterns(among: patterns + unknownPatterns) == unknownPatterns)
    }
}
