public import FlotillaModels
import FlotillaPlatform

/// An event that a handler publishes together with its effect.
public struct OutgoingEvent: Sendable, Hashable {
    /// The routing key on the topic exchange: `<entity>.<action>`.
    public var name: String
    /// JSON.
    public var body: [UInt8]
    /// The idempotency key; give one that follows from the cause when the event must be the same on every attempt.
    public var messageID: String?
    /// `nil` takes over the correlation id of the message being handled.
    public var correlationID: String?
    public var headers: HeaderTable

    public init(
        name: String,
        body: [UInt8],
        messageID: String? = nil,
        correlationID: String? = nil,
        headers: HeaderTable = HeaderTable()
    ) {
        self.name = name
        self.body = body
        self.messageID = messageID
        self.correlationID = correlationID
        self.headers = headers
    }
}

extension OutgoingEvent {
    /// The message to publish: with the correlation and the trace of what caused it.
    package func message(causedBy cause: Message?, _ correlationID: String?, _ exchange: String) -> OutgoingMessage {
        var message = Message(headers: headers, body: body)
        message.properties.contentType = "application/json"
        message.properties.messageID = messageID ?? UUIDv7.make()
        message.properties.type = name
        message.properties.correlationID = self.correlationID ?? correlationID
        for name in [FleetHeader.traceParent, FleetHeader.traceState] where message.headers[name] == nil {
            // Longer than W3C asks to carry, it is no trace; copied on, it could keep the event from being published.
            guard let text = cause?.headers[name]?.text, text.utf8.count <= 512 else { continue }
            message.headers[name] = .string(text)
        }
        return OutgoingMessage(exchange: exchange, routingKey: name, message: message)
    }
}
