package import FlotillaOutbound

/// What an endpoint is to be: its name, its URL, and which events it receives.
package struct WebhookSubscription: Sendable {
    package let name: String
    package let url: EndpointURL
    package let events: [String]

    /// - Throws: `WebhookError` for a name or a pattern of events that is none.
    package init(name: String, url: EndpointURL, events: [String]) throws(WebhookError) {
        func refuse(_ detail: String) -> WebhookError {
            WebhookError(code: .invalid, operation: "name an endpoint", detail: detail)
        }
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(\.isWord) else {
            throw refuse("a name is 1 to 64 letters, digits, dots, - and _")
        }
        guard !events.isEmpty, events.count <= 100 else { throw refuse("an endpoint is told of 1 to 100 events") }
        for pattern in events {
            let stem = pattern.hasSuffix(".*") ? pattern.dropLast(2) : pattern[...]
            guard pattern == "*" || (1...200).contains(stem.utf8.count) && stem.utf8.allSatisfy(\.isWord) else {
                throw refuse("“\(pattern)” is no event: write ticket.completed, ticket.* or *")
            }
        }
        (self.name, self.url, self.events) = (name, url, events)
    }
}

extension UInt8 {
    fileprivate var isWord: Bool {
        (0x30...0x39).contains(self) || (0x61...0x7a).contains(self | 0x20) || "._-".utf8.contains(self)
    }
}
