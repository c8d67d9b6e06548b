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
