import FlotillaMessaging
public import FlotillaModels

/// One message of a batch.
public struct BatchItem<Payload: Sendable>: Sendable {
    // First, so that its place does not depend on the payload's type: domains read it unspecialised.
    let inbound: InboundMessage
    public let payload: Payload

    init(payload: Payload, inbound: InboundMessage) {
        self.inbound = inbound
        self.payload = payload
    }

    /// The message as its publisher made it.
    public var message: Message { inbound.original }
    /// The body to read: that of the message, or the data of a structured CloudEvent.
    public var body: [UInt8] { inbound.body }
    public var event: String { inbound.event }
    public var exchange: String { inbound.exchange }
    public var routingKey: String { inbound.routingKey }
    public var messageID: String { inbound.messageID }
    public var correlationID: String? { inbound.correlationID }
    /// 1 for the first execution.
    public var attempt: Int { inbound.attempt }
    /// The event time that the envelope gives, in microseconds since 1970: a CloudEvent's `time`, or the property `timestamp`.
    public var occurredAt: Int64? { inbound.occurredAt }
    /// When this process received it, in microseconds since 1970.
    public var receivedAt: Int64 { inbound.receivedAt }
}

extension BatchItem {
    /// The user as whom the message was published, which the broker has checked; `nil` where the publisher did not say.
    ///
    /// `nil` as well where the fleet has published the message again, as for a retry: then the broker has checked the fleet's
    /// own user, and of the publisher's there is only what a header says.
    package var senderID: String? {
        let message = inbound.delivery.message
        guard message.headers.isEmpty || message.headers[FleetHeader.originQueue] == nil else { return nil }
        return message.properties.userID
    }

    /// Throws when a text can't be held by Postgres: U+0000 is the one character that it refuses.
    package func checkStorable() throws(InvalidPayload) { try inbound.checkStorable() }
}

extension InboundMessage {
    fileprivate func checkStorable() throws(InvalidPayload) {
        try check(messageID, "message_id")
        try check(correlationID, "correlation_id")
        try check(event, "type")
        try check(exchange, "exchange")
        try check(routingKey, "routing key")
        let headers = original.headers
        if !headers.isEmpty { try check(headers[FleetHeader.traceParent]?.text, FleetHeader.traceParent) }
    }

    private func check(_ text: String?, _ field: String) throws(InvalidPayload) {
        if let text, text.utf8.contains(0) {
            throw InvalidPayload(field: field, problem: "expected text, found the character U+0000")
        }
    }
}
