import FlotillaPlatform

/// What endpoints receive: an event with its body, which is sent byte for byte.
package struct WebhookMessage: Sendable {
    /// The `webhook-id` of every request that carries it.
    package let id: String
    /// `ticket.completed`: what endpoints choose by.
    package let event: String
    /// JSON.
    package let body: [UInt8]
    package var correlationID: String?
    /// W3C Trace Context.
    package var traceParent: String?

    package init(event: String, body: [UInt8], correlationID: String? = nil, traceParent: String? = nil) {
        self.init(
            id: "msg_" + UUIDv7.make().filter { $0 != "-" },
            event: event,
            body: body,
            correlationID: correlationID,
            traceParent: traceParent
        )
    }

    init(id: String, event: String, body: [UInt8], correlationID: String?, traceParent: String?) {
        self.id = id
        self.event = event
        self.body = body
        self.correlationID = correlationID
        self.traceParent = traceParent
    }
}
